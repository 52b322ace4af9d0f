"""Each difference between warehouses, by itself, on every engine there is.

One model selects every expression of macros/engines over a few rows, and the answers
have to be these, on each engine. A file of that folder without a case here fails.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from companies_of_every_kind import bare
from consumer import REPOSITORY, Consumer
from engines import Engine, Row, Table

FOLDER = REPOSITORY / "macros" / "engines"
ZONE = "America/Havana"  # clocks go back from 01:00 to 00:00 on 2024-11-03

SAMPLES: Table = {
    "columns": {
        "id": "text",
        "begun_at": "timestamp",
        "later": "timestamp",
        "zoned": "timestamptz",
        "day": "date",
        "amount": "number",
        "third": "number",
        "ratio": "double",
        "whole": "integer",
        "flag": "boolean",
        "said": "text",
        "written": "text",
    },
    "rows": [
        {
            "id": "é",
            "begun_at": "2024-11-03 03:59:59.999999",
            "later": "2024-11-04 04:00:00.5",
            "zoned": "2024-11-03 04:30:00+00:00",
            "day": "2024-11-03",
            "amount": "10.5",
            "third": "3",
            "ratio": 12345678.25,
            "whole": 17,
            "flag": True,
            "said": 'it\'s \\N, "so" 🦊',
            "written": "2024-11-03T06:30:00.25+02:30",
        },
        {
            "id": "Z",
            "begun_at": "2024-11-03 03:59:59.999999",
            "whole": 2,
            "said": "second",
        },
        {"id": "a", "begun_at": "2024-01-01 00:00:00", "whole": 4, "said": None},
        {"id": "b", "begun_at": "2024-11-02 00:00:00", "whole": 9, "said": "first"},
    ],
}

# Of one row: by the file, expressions with what they come to.
OF_A_ROW: dict[str, list[tuple[str, Any]]] = {
    "instant_type": [
        ("northstar.instant_literal('2024-02-29 23:59:59.5')",
         datetime(2024, 2, 29, 23, 59, 59, 500000)),
    ],
    "local_date": [("northstar.local_date('begun_at')", date(2024, 11, 2))],
    "local_date_of_many": [
        ("northstar.local_date_of_many('begun_at')", date(2024, 11, 2)),
    ],
    "local_midnight": [
        # the first of the two midnights
        ("northstar.local_midnight('day')", datetime(2024, 11, 3, 4)),
    ],
    "days": [
        ("northstar.add_days('day', -3)", date(2024, 10, 31)),
        ("northstar.days_between(northstar.date_literal('2024-02-28'), 'day')", 249),
    ],
    "months": [
        ("northstar.add_months(northstar.date_literal('2024-01-31'), 1)",
         date(2024, 2, 29)),
        ("northstar.month_start('day', 'quarter')", date(2024, 10, 1)),
        ("northstar.month_start('day', 'month')", date(2024, 11, 1)),
    ],
    "seconds": [
        ("northstar.add_seconds('later', 'whole * -1')",
         datetime(2024, 11, 4, 3, 59, 43, 500000)),
        ("northstar.seconds_between('begun_at', 'later')", 86400),
        ("northstar.seconds_between('later', 'begun_at')", -86401),
    ],
    "modulo": [
        ("northstar.modulo('whole', 5)", 2),
        ("northstar.modulo('-whole', 5)", -2),
        ("northstar.whole_quotient('whole * 3', 'whole + 1')", 2),
    ],
    "quotient": [
        ("northstar.quotient('amount', 'third')", Decimal("3.5")),
        ("northstar.quotient('-whole', 'third')", Decimal("-5.666666667")),
        ("northstar.quotient('third', 'third - 3')", None),
        ("northstar.rounded(northstar.divided('whole', '172800.0'))",
         Decimal("0.00009838")),
    ],
    "product_quotient": [
        ("northstar.product_quotient(['amount', 'third'], ['whole'])",
         Decimal("1.852941176")),
        ("northstar.product_quotient(['-amount', 'third'], ['whole', 'whole'])",
         Decimal("-0.108996540")),
        ("northstar.product_quotient(['amount', 'third'], ['third - 3'])", None),
        ("northstar.multiple_quotient(northstar.rounded('1.000000001'), 'whole', '2')",
         Decimal("8.500000009")),
        ("northstar.quotient_of_multiple("
         "northstar.rounded('1.000000001'), northstar.rounded('0.000000003'), 'whole')",
         Decimal("19607843.156862745")),
        # no engine here is Redshift, but what it is told for large numbers all can run
        ("northstar.redshift__product_quotient(['amount * 80000000000', 'third'],"
         " ['third * 2'])", Decimal(420000000000)),
    ],
    "rounded": [
        ("northstar.rounded('amount / 1')", Decimal("10.5")),
        # sums and differences keep the ninth place
        ("northstar.rounded('2 * (' ~ northstar.rounded('12.345678901') ~ ' - '"
         " ~ northstar.rounded('0.000000002') ~ ') + ' ~ northstar.rounded('5'))",
         Decimal("29.691357798")),
        ("northstar.multiple(northstar.rounded('1.000000001'), 'whole')",
         Decimal("17.000000017")),
    ],
    "scale_type": [
        ("northstar.rounded(northstar.scaled('amount', 'cast(0.000277777778 as '"
         " ~ northstar.scale_type() ~ ')'))", Decimal("0.002916667")),
        ("'cast(cast(0.5 as ' ~ northstar.float_type() ~ ') as decimal(38, 9))'",
         Decimal("0.5")),
    ],
    "greatest_of": [
        ("northstar.greatest_of(['whole', 'cast(null as bigint)', '18'])", 18),
    ],
    "string_literal": [
        ("northstar.string_literal('it\\'s \\\\N, \"so\" 🦊')", "it's \\N, \"so\" 🦊"),
    ],
    "text_literal": [("northstar.text_literal(none)", None)],
    "text_type": [("'cast(whole as ' ~ northstar.text_type() ~ ')'", "17")],
    "cast_as": [
        ("northstar.as_text('amount', 'decimal')", "10.5"),
        ("northstar.as_text('ratio', 'float')", "12345678.25"),
        ("northstar.as_text('whole', 'integer')", "17"),
        ("northstar.as_text('flag', 'boolean')", "true"),
        ("northstar.redshift__as_text('not flag', 'boolean')", "false"),
        ("northstar.as_number('said', 'text')", None),
        ("northstar.as_number(\"'1e3'\", 'text')", Decimal(1000)),
        ("northstar.as_number('ratio', 'float')", Decimal("12345678.25")),
        ("northstar.as_boolean('whole', 'integer')", True),
        ("northstar.as_instant('zoned', 'timestamptz')", datetime(2024, 11, 3, 4, 30)),
        ("northstar.as_instant('day', 'date')", datetime(2024, 11, 3, 4)),
        ("northstar.as_instant('written', 'text')",
         datetime(2024, 11, 3, 4, 0, 0, 250000)),
        ("northstar.as_instant(\"'2024-11-03 06:30Z'\", 'text')",
         datetime(2024, 11, 3, 6, 30)),
        ("northstar.as_instant(\"'2024-11-03 06:30 -03'\", 'text')",
         datetime(2024, 11, 3, 9, 30)),
        ("northstar.as_instant(\"'2024-11-03'\", 'text')", datetime(2024, 11, 3, 4)),
        ("northstar.as_instant(\"'2024-02-30 10:00'\", 'text')", None),
        ("northstar.as_instant('said', 'text')", None),
    ],
    "row_hash": [
        # md5 of 10.500000000, true, 2024-11-03T03:59:59.999999Z and \N, by U+001F
        ("northstar.row_hash([{'name': 'amount', 'type': 'number'},"
         " {'name': 'flag', 'type': 'boolean'},"
         " {'name': 'begun_at', 'type': 'instant'},"
         " {'name': 'missing', 'type': 'text'}])",
         "cb7d01720c63f4f7140a06bad573866a"),
        # of 0.000000001, 0.000000000 and what stands there: no exponent
        ("northstar.row_hash([{'name': '0.000000001', 'type': 'number'}])",
         "939ccf0c712b8033ee8c889990fe2413"),
        ("northstar.row_hash([{'name': '0', 'type': 'number'}])",
         "c7be2277d7066a2fc71f8389b611f23f"),
        ("northstar.row_hash([{'name': '-1234567890123456789.000000001',"
         " 'type': 'number'}])",
         "18e9185154e4b7049791e252234cfdf4"),
    ],
    "expression_types": [
        ("northstar.string_literal(northstar.expression_types(source('raw', 'samples'),"
         " ['said', 'whole', 'amount', 'ratio', 'flag', 'day', 'begun_at', 'zoned'])"
         " | join(' '))",
         "text integer decimal float boolean date timestamp timestamptz"),
    ],
}  # fmt: skip

# Of all rows.
OF_ALL_ROWS: dict[str, list[tuple[str, Any]]] = {
    "byte_order": [
        ("'min(' ~ northstar.byte_order('id') ~ ')'", "Z"),
        ("'max(' ~ northstar.byte_order('id') ~ ')'", "é"),
    ],
    "first_by": [
        ("northstar.first_by('said', ['begun_at', northstar.byte_order('id')])",
         "first"),
        ("northstar.first_by('said', ['-whole', northstar.byte_order('id')])",
         "it's \\N, \"so\" 🦊"),
    ],
    "rounded": [
        # a sum has all the digits there are, and none for a ninth place in the next
        ("northstar.rounded(northstar.additive('sum(' ~ northstar.rounded("
         "'0.000000001 * whole') ~ ')') ~ ' + ' ~ northstar.rounded('0.000000001'))",
         Decimal("0.000000033")),
    ],
    "median": [
        ("northstar.rounded(northstar.median('whole'))", Decimal("6.5")),
    ],
    "key_hash": [
        ("'count(distinct ' ~ northstar.key_hash([\"coalesce(said, '')\", 'id']) ~ ')'",
         4),
        ("'count(distinct ' ~ northstar.key_hash([\"'x'\"]) ~ ')'", 1),
    ],
    "hash_of_rows": [
        ("'case when ' ~ northstar.hash_of_rows(['said', 'begun_at']) ~ ' = '"
         " ~ northstar.hash_of_rows(['said', 'begun_at']) ~ ' then 1 else 0 end'", 1),
        ("'case when ' ~ northstar.hash_of_rows(['said', 'begun_at']) ~ ' = '"
         " ~ northstar.hash_of_rows(['said', 'later']) ~ ' then 1 else 0 end'", 0),
    ],
}  # fmt: skip

# How Redshift, which is not here, lists dates: from the first that a project can ask.
DIGITS = """
select
    count(distinct day) as days,
    min(day) as first_day,
    max(day) as last_day
from (
    select {{ northstar.redshift__date_of_series('first', 'last') }} as day
    from (
        select
            {{ northstar.date_literal('1000-01-01') }} as first,
            {{ northstar.date_literal('2026-12-31') }} as last
    ) as bounds
    {{ northstar.redshift__join_series('first', 'last') }}
) as series
"""

# These change how a table is written; what they write is compared in other tests.
OF_A_TABLE = {
    "analyze": "test_engines_agree",
    "contract_types": "test_engines_agree",
    "join_by_hash": "test_engines_agree",
    "northstar_incremental": "test_engines_agree",
    "northstar_table": "test_engines_agree",
    "northstar_view": "test_engines_agree",
    "read_often": "test_engines_agree",
    "replace_rows": "test_engines_agree",
    "date_series": "test_engine_differences",
}


def columns(cases: dict[str, list[tuple[str, Any]]]) -> tuple[str, Row]:
    """A list of columns in Jinja, and the values that they are to have."""
    written, expected = [], {}
    for file, expressions in cases.items():
        for number, (expression, value) in enumerate(expressions, 1):
            name = f"{file}_{number}"
            written.append(f"{{{{ {expression} }}}} as {name}")
            expected[name] = value
    return ",\n".join(written), expected


@pytest.mark.parametrize(
    "name",
    [
        "duckdb",
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("spark", marks=pytest.mark.spark),
    ],
)
def test_every_difference_comes_to_the_same(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    engine: Engine = request.getfixturevalue(f"{name}_engine")
    scalars, of_a_row = columns(OF_A_ROW)
    aggregates, of_all_rows = columns(OF_ALL_ROWS)
    config, tables = bare()
    samples = "{{ source('raw', 'samples') }}"
    consumer = Consumer(
        tmp_path,
        engine,
        vars=config,
        # the models are the project's own, which does not see the package's vars
        project={"vars": {"northstar": config, "northstar_timezone": ZONE}},
        tables={"samples": SAMPLES, "raw_app_events": tables["raw_app_events"]},  # type: ignore[dict-item]
        models={
            "of_a_row.sql": f"select {scalars} from (select *, cast(null as "
            "{{ northstar.text_type() }}) as missing from " + samples + ") as samples"
            " where flag",
            "of_all_rows.sql": f"select {aggregates} from {samples}",
            "series.sql": "select {{ northstar.date_of_series('first', 'last') }}"
            " as day from (select cast('2024-02-28' as date) as first,"
            " cast('2024-03-01' as date) as last) as bounds"
            " {{ northstar.join_series('first', 'last') }}",
            "digits.sql": DIGITS,
        },
        session_timezone="America/New_York",
    )

    consumer.dbt(
        "run", "--select", "of_a_row", "of_all_rows", "series", "digits"
    ).assert_success()

    for relation, expected in (("of_a_row", of_a_row), ("of_all_rows", of_all_rows)):
        [found] = consumer.rows(relation)
        wrong = {
            of: f"{found[of]!r}, and should be {value!r}"
            for of, value in expected.items()
            if found[of] != value
        }
        assert not wrong
    assert [row["day"].isoformat() for row in consumer.rows("series")] == [
        *("2024-02-28", "2024-02-29", "2024-03-01"),
    ]
    assert consumer.rows("digits") == [
        {
            "days": (date(2026, 12, 31) - date(1000, 1, 1)).days + 1,
            "first_day": date(1000, 1, 1),
            "last_day": date(2026, 12, 31),
        }
    ]


def test_every_file_has_a_case() -> None:
    tested = {*OF_A_ROW, *OF_ALL_ROWS, *OF_A_TABLE}
    assert {path.stem for path in FOLDER.glob("*.sql")} == tested

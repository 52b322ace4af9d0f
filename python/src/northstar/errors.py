"""What can go wrong, each with the code that the command line exits with.

Code 2 is also what a wrong option exits with.
"""


class NorthstarError(Exception):
    """Anything that the user can mend; its text says how."""

    exit_code = 1


class WarehouseError(NorthstarError):
    """dbt could not open the project's warehouse, or the warehouse refused a query."""


class UnknownMetricError(NorthstarError):
    """No configured metric has that name."""

    exit_code = 2


class NotBuiltError(NorthstarError):
    """The project has not been built yet, or without the mart that is asked for."""

    exit_code = 3


class UnknownPeriodError(NorthstarError):
    """The metric has no period with that date."""

    exit_code = 2


class UnknownEntityError(NorthstarError):
    """The entity has no event in the period."""

    exit_code = 2


class DifferentValueError(NorthstarError):
    """The steps of a value come to another number than the one that is published."""

    exit_code = 4


class SemanticQueryError(NorthstarError):
    """The semantic layer cannot be asked, or has no answer to the query."""

    exit_code = 2


class NoGrowthError(NorthstarError):
    """The metric has no growth accounting, or none that can be carried on."""

    exit_code = 2


class TooFewPeriodsError(NorthstarError):
    """The metric has fewer final periods than the answer needs."""

    exit_code = 5

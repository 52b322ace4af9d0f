"""Products of factors, and what each factor adds to a change of the product."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import combinations
from math import factorial

from ..values import divided

Factor = Fraction | None
"""A factor of a product; one that divides by zero is not there."""

Factors = tuple[Factor, ...]


def over(numerator: Decimal | int, denominator: Decimal | int) -> Factor:
    """A factor that is a quotient."""
    return None if denominator == 0 else Fraction(numerator) / Fraction(denominator)


def nine_places(number: Fraction) -> Decimal:
    """An exact number as a published one."""
    quotient = divided(Decimal(number.numerator), Decimal(number.denominator))
    assert quotient is not None
    return quotient


def product(factors: Iterable[Factor]) -> Decimal:
    """A product at nine places; without one of its factors it is 0."""
    result = Fraction(1)
    for factor in factors:
        result *= factor or 0
    return nine_places(result)


@cache
def shapley(before: Factors, after: Factors) -> tuple[Decimal, ...]:
    """What each factor adds to the change of their product, over all orders.

    The products are taken at nine places, and so are the shares. Source: Shapley, A
    Value for n-Person Games (1953).
    """
    indices = range(len(before))
    products = {
        frozenset(chosen): product(
            after[i] if i in chosen else before[i] for i in indices
        )
        for size in range(len(before) + 1)
        for chosen in combinations(indices, size)
    }

    def share(factor: int) -> Fraction:
        shares = (
            weight(len(others), len(before))
            * (Fraction(products[others | {factor}]) - Fraction(products[others]))
            for others in products
            if factor not in others
        )
        return sum(shares, Fraction(0))

    return tuple(nine_places(share(factor)) for factor in indices)


def weight(size: int, factors: int) -> Fraction:
    """The share of all orders in which exactly these others come first."""
    orders = factorial(size) * factorial(factors - size - 1)
    return Fraction(orders, factorial(factors))

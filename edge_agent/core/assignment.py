"""Which row goes with which column? Maximum-weight matching of a matrix of gains."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def assign(gains: Floats) -> tuple[Indices, Indices]:
    """Rows and columns of the matching with the largest sum of gains; a pair without gain (<= 0) is never made.

    Pairs that compete with nobody, most on a road, are taken at sight; the rest goes through the Hungarian method.
    """
    possible = gains > 0
    in_row, in_column = possible.sum(axis=1), possible.sum(axis=0)
    rows, columns = np.nonzero(possible & (in_row == 1)[:, None] & (in_column == 1))
    in_row[rows] = in_column[columns] = 0
    rest_rows, rest_columns = in_row.nonzero()[0], in_column.nonzero()[0]
    if not len(rest_rows):
        return rows, columns
    rest = np.maximum(gains[rest_rows[:, None], rest_columns], 0.0)
    wide = len(rest_rows) <= len(rest_columns)
    more_rows, more_columns = _hungarian(-rest) if wide else _hungarian(-rest.T)[::-1]
    gainful = rest[more_rows, more_columns] > 0
    return (
        np.concatenate([rows, rest_rows[more_rows[gainful]]]),
        np.concatenate([columns, rest_columns[more_columns[gainful]]]),
    )


def _hungarian(cost: Floats) -> tuple[Indices, Indices]:
    """The cheapest way to give every row of a matrix, no taller than wide, a column of its own.

    Shortest augmenting paths with prices (Jonker and Volgenant 1987, doi 10.1007/BF02278710).
    """
    row_price, column_price = cost.min(axis=1), np.zeros(cost.shape[1])
    row_of = np.full(cost.shape[1], -1)
    favourites, first_rows = np.unique(cost.argmin(axis=1), return_index=True)
    row_of[favourites] = first_rows  # whoever comes first gets what is cheapest for it; the others must search
    for start in np.setdiff1d(np.arange(len(cost)), first_rows):
        _augment(int(start), cost, row_price, column_price, row_of)
    columns = np.flatnonzero(row_of >= 0)
    return row_of[columns], columns


def _augment(start: int, cost: Floats, row_price: Floats, column_price: Floats, row_of: Indices) -> None:
    """Find the row a column along the shortest path to a free one; prices and row_of are changed in place."""
    distance, before = np.full(len(row_of), np.inf), np.full(len(row_of), -1)
    open_distance = distance.copy()  # the same, but infinite where the shortest path is known
    done = np.zeros(len(row_of), bool)
    row, column, reached = start, -1, 0.0
    while row >= 0:
        through = cost[row] - column_price + (reached - row_price[row])
        nearer = (through < distance) & ~done
        distance[nearer] = open_distance[nearer] = through[nearer]
        before[nearer] = column
        column = int(open_distance.argmin())
        reached, row = float(distance[column]), int(row_of[column])
        done[column], open_distance[column] = True, np.inf

    row_price[start] += reached
    tree = np.flatnonzero(done)
    slack = reached - distance[tree]
    column_price[tree] -= slack
    inner = row_of[tree] >= 0
    row_price[row_of[tree[inner]]] += slack[inner]

    while column >= 0:  # every column on the path passes to the row before it
        previous = int(before[column])
        row_of[column] = start if previous < 0 else row_of[previous]
        column = previous

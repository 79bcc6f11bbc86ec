"""Which row goes with which column? Maximum-weight matching of a matrix of gains."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]


def assign(gains: NDArray[np.float64]) -> tuple[Indices, Indices]:
    """Rows and columns of the matching with the largest sum of gains; a pair with no gain (<= 0) is never made.

    Pairs that compete with nobody are taken at sight; the rest, few on a road, go through the Hungarian method.
    """
    possible = gains > 0
    rows_free, columns_free = possible.sum(axis=1), possible.sum(axis=0)
    rows, columns = np.nonzero(possible & (rows_free == 1)[:, None] & (columns_free == 1)[None, :])
    rows_free[rows] = columns_free[columns] = 0
    rest_rows, rest_columns = np.flatnonzero(rows_free), np.flatnonzero(columns_free)
    if not rest_rows.size:
        return rows, columns
    rest = np.maximum(gains[np.ix_(rest_rows, rest_columns)], 0.0)
    wide = len(rest_rows) <= len(rest_columns)
    picked_rows, picked_columns = _hungarian(-rest) if wide else _hungarian(-rest.T)[::-1]
    real = rest[picked_rows, picked_columns] > 0
    return (
        np.concatenate([rows, rest_rows[picked_rows[real]]]),
        np.concatenate([columns, rest_columns[picked_columns[real]]]),
    )


def _hungarian(cost: NDArray[np.float64]) -> tuple[Indices, Indices]:
    """Least-cost assignment of every row of a wide matrix, by shortest augmenting paths (Jonker and Volgenant 1987)."""
    n, m = cost.shape
    row_price, column_price = np.zeros(n), np.zeros(m)
    row_of = np.full(m, -1)
    for start in range(n):
        distance, before, done = np.full(m, np.inf), np.full(m, -1), np.zeros(m, bool)
        row, column, reached = start, -1, 0.0
        visited = []
        while row >= 0:  # grow the tree of shortest paths until it meets a free column
            visited.append(row)
            through = reached + cost[row] - row_price[row] - column_price
            nearer = ~done & (through < distance)
            distance[nearer], before[nearer] = through[nearer], column
            column = int(np.argmin(np.where(done, np.inf, distance)))
            reached, row = float(distance[column]), int(row_of[column])
            done[column] = True
        # keep the prices feasible, then flip the path
        tree = np.flatnonzero(done)
        row_price[start] += reached
        matched = tree[row_of[tree] >= 0]
        row_price[row_of[matched]] += reached - distance[matched]
        column_price[tree] -= reached - distance[tree]
        while column >= 0:
            previous = int(before[column])
            row_of[column] = row_of[previous] if previous >= 0 else start
            column = previous
    columns = np.flatnonzero(row_of >= 0)
    return row_of[columns], columns

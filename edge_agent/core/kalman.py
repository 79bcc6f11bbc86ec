"""Where is a box, and where will it be? A constant-velocity Kalman filter for many boxes at once.

Centre x, centre y, width and height are filtered each on its own (with noise proportional to the box the four do not
mix), so a covariance is three numbers per coordinate and everything is element-wise. Noise is in box sizes, as in SORT
and ByteTrack, which makes the filter blind to resolution; it is given per second, which makes it blind to frame rate.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# A state is (n, 5, 4): these five rows for the coordinates centre x, centre y, width, height.
POSITION, VELOCITY, VAR_POSITION, COVARIANCE, VAR_VELOCITY = range(5)
STATE_SHAPE = (5, 4)

MEASURED_SD = 0.06  # of a detected edge, in box sizes
BEGIN_SPEED_SD = 3.0  # of a road user never seen before, in box sizes per second
ACCELERATION_DENSITY = 2.0  # of the white noise that drives the speed, in box sizes^2 per second^3
SMALLEST_BOX = 1e-4  # a width or height never shrinks below this part of the image


def begin(boxes: Floats) -> Floats:
    """Boxes (n, 4) left, top, right, bottom, seen for the first time -> states (n, 5, 4)."""
    state = np.zeros((len(boxes), *STATE_SHAPE))
    state[:, POSITION] = _to_centre(boxes)
    size_squared = _sizes(state) ** 2
    state[:, VAR_POSITION] = MEASURED_SD**2 * size_squared
    state[:, VAR_VELOCITY] = BEGIN_SPEED_SD**2 * size_squared
    return state


def predict(state: Floats, dt_s: float) -> Floats:
    """States after dt_s >= 0 seconds without a measurement (integrated white-noise acceleration, exact for any dt)."""
    position, velocity, var_position, covariance, var_velocity = state.swapaxes(0, 1)
    noise = ACCELERATION_DENSITY * dt_s * _sizes(state) ** 2
    predicted = np.empty_like(state)
    predicted[:, POSITION] = position + dt_s * velocity
    predicted[:, VELOCITY] = velocity
    predicted[:, VAR_POSITION] = var_position + dt_s * (2 * covariance + dt_s * (var_velocity + noise / 3))
    predicted[:, COVARIANCE] = covariance + dt_s * (var_velocity + noise / 2)
    predicted[:, VAR_VELOCITY] = var_velocity + noise
    np.maximum(predicted[:, POSITION, 2:], SMALLEST_BOX, out=predicted[:, POSITION, 2:])
    return predicted


def correct(state: Floats, boxes: Floats) -> Floats:
    """States after each was measured as the box (n, 4) of the same row."""
    position, velocity, var_position, covariance, var_velocity = state.swapaxes(0, 1)
    measured = _to_centre(boxes)
    innovation = measured - position
    total = var_position + (MEASURED_SD * _sizes(state)) ** 2
    gain, speed_gain = var_position / total, covariance / total
    corrected = np.empty_like(state)
    corrected[:, POSITION] = position + gain * innovation
    corrected[:, VELOCITY] = velocity + speed_gain * innovation
    corrected[:, VAR_POSITION] = (1 - gain) * var_position
    corrected[:, COVARIANCE] = (1 - gain) * covariance
    corrected[:, VAR_VELOCITY] = var_velocity - speed_gain * covariance
    np.maximum(corrected[:, POSITION, 2:], SMALLEST_BOX, out=corrected[:, POSITION, 2:])
    return corrected


def boxes_of(state: Floats) -> Floats:
    """States -> boxes (n, 4) left, top, right, bottom."""
    centre, half = state[:, POSITION, :2], state[:, POSITION, 2:] / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def _to_centre(boxes: Floats) -> Floats:
    low, high = boxes[:, :2], boxes[:, 2:]
    return np.concatenate([(low + high) / 2, np.maximum(high - low, SMALLEST_BOX)], axis=1)


def _sizes(state: Floats) -> Floats:
    """(n, 4): width, height, width, height: what x, y, width and height are judged against."""
    size = state[:, POSITION, 2:]
    return np.concatenate([size, size], axis=1)

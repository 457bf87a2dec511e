//! What tells a series from others beside its colour: its marker.

use super::model::MAX_SERIES;
use super::svg::number;

/// Half the width of a marker, in units.
const SIZE: f64 = 4.6;

/// Half the width of the round marker. With more than one digit, halves of it would be rounded unevenly.
const RADIUS: f64 = 4.0;

/// The class that gives a series its colour and dashes.
pub(super) fn class(series: usize) -> String {
    format!("s{}", series % MAX_SERIES + 1)
}

/// The outline of a series' marker around a place.
pub(super) fn marker(series: usize, (x, y): (f64, f64)) -> String {
    let corners: &[(f64, f64)] = match series % MAX_SERIES {
        0 => return circle((x, y), RADIUS),
        1 => &[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
        2 => &[(0.0, -1.15), (1.1, 0.85), (-1.1, 0.85)],
        3 => &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
        4 => &[(-1.1, -0.85), (1.1, -0.85), (0.0, 1.15)],
        5 => CROSS,
        6 => PLUS,
        _ => STAR,
    };
    let corners: Vec<_> = corners
        .iter()
        .map(|(dx, dy)| format!("{} {}", number(x + dx * SIZE), number(y + dy * SIZE)))
        .collect();
    format!("M{}Z", corners.join("L"))
}

const PLUS: &[(f64, f64)] = &[
    (-0.4, -1.2),
    (0.4, -1.2),
    (0.4, -0.4),
    (1.2, -0.4),
    (1.2, 0.4),
    (0.4, 0.4),
    (0.4, 1.2),
    (-0.4, 1.2),
    (-0.4, 0.4),
    (-1.2, 0.4),
    (-1.2, -0.4),
    (-0.4, -0.4),
];

const CROSS: &[(f64, f64)] = &[
    (0.0, -0.5),
    (0.6, -1.1),
    (1.1, -0.6),
    (0.5, 0.0),
    (1.1, 0.6),
    (0.6, 1.1),
    (0.0, 0.5),
    (-0.6, 1.1),
    (-1.1, 0.6),
    (-0.5, 0.0),
    (-1.1, -0.6),
    (-0.6, -1.1),
];

const STAR: &[(f64, f64)] = &[
    (0.0, -1.3),
    (0.35, -0.45),
    (1.25, -0.4),
    (0.55, 0.2),
    (0.8, 1.1),
    (0.0, 0.6),
    (-0.8, 1.1),
    (-0.55, 0.2),
    (-1.25, -0.4),
    (-0.35, -0.45),
];

fn circle((x, y): (f64, f64), radius: f64) -> String {
    let (left, y, radius, width) = (number(x - radius), number(y), number(radius), number(2.0 * radius));
    format!("M{left} {y}a{radius} {radius} 0 1 0 {width} 0a{radius} {radius} 0 1 0 -{width} 0Z")
}

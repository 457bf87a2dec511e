//! Fewer points that look the same: of each narrow strip of a line, the first, the least, the greatest and the
//! last (M4; Jugel and others, VLDB 2014). So no peak is lost, however short.

/// Most points that are left of a line.
pub(super) const MAX_POINTS: usize = 500;

/// Places of the points that are kept, in order, of a line whose points are sorted by `x`.
pub(super) fn kept(points: &[(f64, f64)]) -> Vec<usize> {
    if points.len() <= MAX_POINTS {
        return (0..points.len()).collect();
    }
    let mut kept = Vec::with_capacity(MAX_POINTS);
    for strip in strips(points, MAX_POINTS / 4) {
        let place = |y: f64| (strip.first..=strip.last).find(|&place| points[place].1 == y);
        let mut four = vec![strip.first, strip.last];
        four.extend(place(strip.least).into_iter().chain(place(strip.greatest)));
        four.sort_unstable();
        four.dedup();
        kept.append(&mut four);
    }
    kept
}

/// What a line with too many points is in a narrow strip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Strip {
    /// Places of the first and the last of its points.
    pub(super) first: usize,
    pub(super) last: usize,
    /// The middle of its points.
    pub(super) x: f64,
    pub(super) least: f64,
    pub(super) median: f64,
    pub(super) greatest: f64,
}

/// Each point as a strip of its own.
pub(super) fn singles(points: &[(f64, f64)]) -> Vec<Strip> {
    let single = |(place, &(x, y)): (usize, &(f64, f64))| Strip {
        first: place,
        last: place,
        x,
        least: y,
        median: y,
        greatest: y,
    };
    points.iter().enumerate().map(single).collect()
}

/// Narrow strips of a line whose points are sorted by `x`, as many at most as asked for. Where there are no
/// points, there is no strip.
pub(super) fn strips(points: &[(f64, f64)], most: usize) -> Vec<Strip> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    // Points that are all at one place are one strip: nothing divided by nothing counts as 0 here.
    let of = |x: f64| (((x - first.0) / (last.0 - first.0) * most as f64) as usize).min(most - 1);
    let mut from = 0;
    let strip = |points: &[(f64, f64)]| {
        let mut values: Vec<_> = points.iter().map(|point| point.1).collect();
        values.sort_by(f64::total_cmp);
        let (first, last) = (from, from + points.len() - 1);
        from = last + 1;
        let x = (points[0].0 + points[points.len() - 1].0) / 2.0;
        let (least, median, greatest) = (values[0], values[values.len() / 2], values[values.len() - 1]);
        Strip { first, last, x, least, median, greatest }
    };
    points.chunk_by(|a, b| of(a.0) == of(b.0)).map(strip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_points_are_all_kept() {
        let points: Vec<_> = (0..MAX_POINTS).map(|n| (n as f64, 1.0)).collect();
        assert_eq!(kept(&points), (0..MAX_POINTS).collect::<Vec<_>>());
        assert!(kept(&[]).is_empty());
    }

    #[test]
    fn of_many_points_the_peaks_the_dips_and_the_ends_are_kept() {
        let mut points: Vec<_> = (0..100_000).map(|n| (f64::from(n), f64::from(n % 10))).collect();
        points[54_321].1 = 1e6;
        points[76_543].1 = -1e6;
        let kept = kept(&points);
        assert!(kept.len() <= MAX_POINTS, "{}", kept.len());
        for place in [0, 54_321, 76_543, 99_999] {
            assert!(kept.contains(&place), "{place}");
        }
        assert!(kept.is_sorted());
    }

    #[test]
    fn a_strip_knows_its_ends_and_its_middle() {
        let points: Vec<_> = (0..100).map(|n| (f64::from(n), f64::from((n * 7) % 10))).collect();
        let strips = strips(&points, 10);
        assert_eq!(strips.len(), 10);
        let (first, x) = (strips[0], (strips[0].first, strips[0].last, strips[0].x));
        assert_eq!((first.least, first.median, first.greatest, x), (0.0, 5.0, 9.0, (0, 9, 4.5)));
        assert!(strips.windows(2).all(|two| two[0].last + 1 == two[1].first));
        let apart = [(0.0, 1.0), (1.0, 1.0), (99.0, 2.0), (100.0, 2.0)];
        assert_eq!(super::strips(&apart, 10).len(), 2, "no strip where there is nothing");
    }

    #[test]
    fn points_at_one_place_are_bounded_too() {
        let points: Vec<_> = (0..5_000).map(|n| (1.0, f64::from(n))).collect();
        assert_eq!(kept(&points), [0, 4_999]);
    }
}

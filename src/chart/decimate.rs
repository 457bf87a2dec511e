//! Fewer points that look the same: of each narrow strip of a line, the first, the least, the greatest and the
//! last (M4; Jugel and others, VLDB 2014). So no peak is lost, however short.

/// Most points that are left of a line.
pub(super) const MAX_POINTS: usize = 500;

/// Places of the points that are kept, in order, of a line whose points are sorted by `x`.
pub(super) fn kept(points: &[(f64, f64)]) -> Vec<usize> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let strips = MAX_POINTS / 4;
    if points.len() <= MAX_POINTS {
        return (0..points.len()).collect();
    }
    // Points that are all at one place are one strip: nothing divided by nothing counts as 0 here.
    let strip = |x: f64| (((x - first.0) / (last.0 - first.0) * strips as f64) as usize).min(strips - 1);
    let mut kept = Vec::with_capacity(MAX_POINTS);
    let mut from = 0;
    while from < points.len() {
        let of = strip(points[from].0);
        let length = points[from..].iter().take_while(|point| strip(point.0) == of).count();
        let places = from..from + length.max(1);
        let by_y = |a: &usize, b: &usize| points[*a].1.total_cmp(&points[*b].1);
        let mut four = vec![places.start, places.end - 1];
        four.extend(places.clone().min_by(by_y));
        four.extend(places.clone().max_by(by_y));
        four.sort_unstable();
        four.dedup();
        kept.append(&mut four);
        from = places.end;
    }
    kept
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
    fn points_at_one_place_are_bounded_too() {
        let points: Vec<_> = (0..5_000).map(|n| (1.0, f64::from(n))).collect();
        assert_eq!(kept(&points), [0, 4_999]);
    }
}

//! The drawings of small charts as they are, and what holds for all of them: they are bounded, well-formed,
//! themselves only, and bad numbers do no harm.

use proptest::prelude::*;

use super::*;

fn words(title: &str) -> Words {
    Words { title: title.into(), description: format!("What {title} shows.") }
}

fn axis(label: &str, scale: Scale, unit: Unit) -> Axis {
    Axis { label: label.into(), scale, unit }
}

fn small_medians() -> Medians {
    let point = |x: f64, runs: [f64; 3]| MedianPoint { x, median: runs[1], all: runs.to_vec() };
    let series = |name: &str, factor: f64| MedianSeries {
        name: name.into(),
        points: vec![
            point(512.0, [0.9e6, 1.0e6, 1.05e6].map(|rate| rate * factor)),
            point(1024.0, [0.5e6, 0.6e6, 0.61e6].map(|rate| rate * factor)),
        ],
    };
    Medians {
        words: words("Throughput"),
        x: XAxis::Numbers(axis("value size", Scale::Log, Unit::Bytes)),
        y: axis("throughput", Scale::Linear, Unit::PerSecond),
        series: vec![series("SET", 0.5), series("MSET", 1.0)],
    }
}

fn small_names() -> Medians {
    let mut chart = small_medians();
    chart.x = XAxis::Names { label: "command".into(), names: vec!["set".into(), "mset".into()] };
    chart.series.truncate(1);
    for (index, point) in chart.series[0].points.iter_mut().enumerate() {
        point.x = index as f64;
    }
    chart
}

fn small_percentiles() -> Percentiles {
    let points = vec![(0.0, 90.0), (50.0, 210.0), (90.0, 400.0), (99.0, 1_300.0), (100.0, 8_800.0)];
    Percentiles { words: words("Latency"), series: vec![PercentileSeries { name: "run".into(), points }] }
}

fn small_timeline() -> Timeline {
    let mark = |name: &str, from_seconds, to_seconds| Mark { name: name.into(), from_seconds, to_seconds };
    Timeline {
        words: words("Throughput over time"),
        y: axis("throughput", Scale::Linear, Unit::PerSecond),
        series: vec![TimeSeries {
            name: "127.0.0.1:7001".into(),
            points: vec![(0.0, 1e6), (1.0, 0.0), (2.0, f64::NAN), (3.0, 1.1e6), (4.0, 1.2e6)],
        }],
        marks: vec![mark("restarted", 1.0, Some(2.5)), mark("flushed by others", 3.5, None)],
    }
}

fn small_bars() -> Bars {
    let row = |name: &str, values: [f64; 2]| BarRow { name: name.into(), values: values.to_vec() };
    Bars {
        words: words("Processor time"),
        x: axis("processor time", Scale::Linear, Unit::Seconds),
        series: vec!["user".into(), "system".into()],
        rows: vec![row("client", [1.5, 0.5]), row("servers", [4.0, 1.0])],
    }
}

/// The drawing without its style sheet, which has tests of its own.
fn unstyled(svg: &str) -> String {
    let (before, rest) = svg.split_once("<style>").unwrap();
    format!("{before}{}", rest.split_once("</style>\n").unwrap().1)
}

/// One of each kind.
fn all() -> [(&'static str, String); 5] {
    [
        ("medians", medians(&small_medians()).unwrap()),
        ("names", medians(&small_names()).unwrap()),
        ("percentiles", percentiles(&small_percentiles()).unwrap()),
        ("timeline", timeline(&small_timeline()).unwrap()),
        ("bars", bars(&small_bars()).unwrap()),
    ]
}

#[test]
fn small_charts_are_drawn_so() {
    for (name, svg) in all() {
        insta::assert_snapshot!(name, unstyled(&svg));
    }
}

fn ids(svg: &str) -> Vec<&str> {
    svg.split(" id=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0).collect()
}

#[test]
fn ids_are_unique_in_a_page_and_all_that_is_referred_to_is_there() {
    let drawings = all();
    let mut seen: Vec<_> = drawings.iter().flat_map(|(_, svg)| ids(svg)).collect();
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), count, "{seen:?}");
    for (name, svg) in &drawings {
        let (_, labels) = svg.split_once("aria-labelledby=\"").unwrap();
        let labels = labels.split_once('"').unwrap().0.split(' ');
        let patterns = svg.split("url(#").skip(1).map(|rest| rest.split_once(')').unwrap().0);
        for referred in labels.chain(patterns) {
            assert!(ids(svg).contains(&referred), "{name}: {referred}");
        }
    }
    assert_eq!(all(), drawings, "the same data give the same drawing");
}

#[test]
fn names_cannot_become_markup() {
    let bad = "</text><script>alert(\"1\")</script> & 'co' ]]>";
    let (mut one, mut two, mut three) = (small_medians(), small_timeline(), small_bars());
    one.words = Words { title: bad.into(), description: bad.into() };
    one.y.label = bad.into();
    one.x = XAxis::Names { label: bad.into(), names: vec![bad.into(); 2000] };
    one.series[0].name = bad.into();
    two.marks[0].name = bad.into();
    three.rows[0].name = bad.into();
    three.series[0] = bad.into();
    assert!(medians(&one).is_err(), "so many names");
    one.x = XAxis::Names { label: bad.into(), names: vec![bad.into(); 2] };
    one.series[0].points.iter_mut().for_each(|point| point.x = 1.0);
    one.series.truncate(1);
    for svg in [medians(&one).unwrap(), timeline(&two).unwrap(), bars(&three).unwrap()] {
        assert!(!svg.contains("<script") && !svg.contains("]]>"), "{svg}");
        assert!(svg.contains("&lt;/text&gt;&lt;script&gt;"), "{svg}");
    }
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    for (name, svg) in all() {
        let own = svg.replace("http://www.w3.org/2000/svg", "").replace("url(#fb-", "");
        for word in ["http", "href", "url(", "<script", "<image", "<foreignObject", "onload"] {
            assert!(!own.contains(word), "{name}: {word}");
        }
    }
}

#[test]
fn what_contradicts_itself_is_refused_with_the_cause() {
    let refused = |result: Result<String, ChartError>| result.unwrap_err().to_string();

    let mut chart = small_medians();
    chart.series[0].points[0].all[1] = -3.0;
    assert_eq!(refused(medians(&chart)), "`SET` has the value -3, and a chart has none below zero");
    chart.series[0].points[0].all[1] = 1e22;
    assert_eq!(refused(medians(&chart)), "`SET` has the value 1e22, and a chart has none above 1e21");
    chart.series = vec![chart.series[1].clone(); 9];
    assert_eq!(refused(medians(&chart)), "`Throughput` has 9 series, of 8 at most");
    chart.series.clear();
    assert_eq!(refused(medians(&chart)), "`Throughput` has no values to draw");

    let mut chart = small_names();
    chart.series[0].points[0].x = 2.0;
    let names = "`SET` has a point at the name number 2, and there are 2 names, from 0";
    assert_eq!(refused(medians(&chart)), names);

    let mut chart = small_percentiles();
    chart.series[0].points[0].0 = 100.5;
    assert_eq!(refused(percentiles(&chart)), "`run` has a percentile 100.5, which is not from 0 to 100");

    let mut chart = small_timeline();
    chart.series[0].points.iter_mut().for_each(|point| point.1 = f64::INFINITY);
    assert_eq!(refused(timeline(&chart)), "`Throughput over time` has no values to draw");

    let mut chart = small_bars();
    chart.rows[0].values.pop();
    assert_eq!(refused(bars(&chart)), "the row `client` has 1 values, for 2 series");
    chart.x.scale = Scale::Log;
    assert!(matches!(bars(&chart), Err(ChartError::StackedLog(_))));
}

#[test]
fn what_is_left_out_is_told() {
    let note = "1 value is left out: not a number.";
    assert!(timeline(&small_timeline()).unwrap().contains(note));
    let mut chart = small_timeline();
    chart.y.scale = Scale::Log;
    let svg = timeline(&chart).unwrap();
    assert!(svg.contains("2 values are left out: not a number, or zero"), "{svg}");
    assert!(!medians(&small_medians()).unwrap().contains("left out"));
}

#[test]
fn a_line_does_not_cross_what_is_not_known() {
    let pieces = |svg: &str| {
        let (_, rest) = svg.split_once("<path class=\"line\" d=\"").unwrap();
        rest.split_once('"').unwrap().0.matches('M').count()
    };
    let mut chart = small_timeline();
    assert_eq!(pieces(&timeline(&chart).unwrap()), 2);
    chart.series[0].points[2].1 = 0.5e6;
    assert_eq!(pieces(&timeline(&chart).unwrap()), 1);
}

#[test]
fn drawings_of_any_amount_of_data_are_small() {
    let line = |at: u32| (f64::from(at), f64::from(at % 977) + 1.0);
    let points: Vec<_> = (0..50_000).map(line).collect();
    let mut chart = small_timeline();
    chart.series = vec![TimeSeries { name: "many".into(), points }; 8];
    chart.marks = vec![chart.marks[0].clone(); 5_000];
    assert!(timeline(&chart).unwrap().len() < 200_000);

    let points: Vec<_> = (0..50_000).map(|at| (f64::from(at) / 500.0, f64::from(at) + 1.0)).collect();
    let mut chart = small_percentiles();
    chart.series = vec![PercentileSeries { name: "many".into(), points }; 8];
    assert!(percentiles(&chart).unwrap().len() < 100_000);

    let mut chart = small_medians();
    chart.series[0].points[0].all = vec![1.0; 100_000];
    assert!(medians(&chart).unwrap().len() < 20_000);
    chart.series[0].points = vec![chart.series[0].points[1].clone(); 1_000];
    assert!(matches!(medians(&chart), Err(ChartError::TooMany { count: 1_000, .. })));
}

/// Numbers of all kinds, most of them such as charts have.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![6 => 0.0..1e7, 1 => Just(0.0), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 2 => any::<f64>()]
}

fn any_scale() -> impl Strategy<Value = Scale> {
    prop_oneof![Just(Scale::Linear), Just(Scale::Log)]
}

fn any_unit() -> impl Strategy<Value = Unit> {
    use Unit::{Bytes, BytesPerSecond, Microseconds, PerSecond, Percent, Plain, Seconds};
    prop::sample::select(vec![Plain, Bytes, PerSecond, BytesPerSecond, Microseconds, Seconds, Percent])
}

/// A drawing has numbers only, within reach; and what cannot be drawn has a cause.
fn is_sound(result: Result<String, ChartError>) -> Result<(), TestCaseError> {
    let svg = match result {
        Ok(svg) => svg,
        Err(error) => {
            prop_assert!(!error.to_string().is_empty());
            return Ok(());
        }
    };
    let unstyled = unstyled(&svg);
    for key in [" x=\"", " y=\"", " x1=\"", " y1=\"", " x2=\"", " y2=\"", " width=\"", " height=\""] {
        for rest in unstyled.split(key).skip(1) {
            let value = rest.split_once('"').map_or("", |(value, _)| value);
            let number: f64 = if value == "100%" { 1.0 } else { value.parse().unwrap_or(f64::NAN) };
            prop_assert!((-1.0..5_000.0).contains(&number), "{}{} in {}", key, value, unstyled);
        }
    }
    for rest in unstyled.split(" d=\"").skip(1) {
        let path = rest.split_once('"').map_or("", |(path, _)| path);
        prop_assert!(!path.contains("NaN") && !path.contains("inf"), "{}", path);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_numbers_do_harm(
        values in prop::collection::vec((any_number(), any_number()), 0..30),
        (x, y) in (any_scale(), any_scale()),
        unit in any_unit(),
    ) {
        let half = values.len() / 2;
        let mut chart = small_medians();
        chart.x = XAxis::Numbers(axis("x", x, unit));
        chart.y = axis("y", y, unit);
        let point = |&(x, median): &(f64, f64)| MedianPoint { x, median, all: vec![median, x] };
        chart.series[0].points = values[..half].iter().map(point).collect();
        chart.series[1].points = values[half..].iter().map(point).collect();
        is_sound(medians(&chart))?;

        let mut chart = small_percentiles();
        chart.series[0].points = values.iter().map(|&(a, b)| (a.abs() % 100.5, b)).collect();
        is_sound(percentiles(&chart))?;

        let mut chart = small_timeline();
        chart.y = axis("y", y, unit);
        chart.series[0].points.clone_from(&values);
        let mark = |&(from_seconds, to): &(f64, f64)| Mark {
            name: "a".into(),
            from_seconds,
            to_seconds: (to > 1.0).then_some(to),
        };
        chart.marks = values.iter().map(mark).collect();
        is_sound(timeline(&chart))?;

        let mut chart = small_bars();
        chart.x.unit = unit;
        let row = |&(a, b): &(f64, f64)| BarRow { name: "a".into(), values: vec![a, b] };
        chart.rows = values.iter().map(row).collect();
        is_sound(bars(&chart))?;
    }
}

//! Charts as reports have them, and some as bad as they may get: many series, long names, close numbers,
//! many marks.

use fillbench::chart::{
    Axis, BarRow, Bars, Mark, MedianPoint, MedianSeries, Medians, PercentileSeries, Percentiles, Scale,
    TimeSeries, Timeline, Unit, Words, XAxis, bars, medians, percentiles, timeline,
};

/// A drawing with its name.
pub(super) type Sample = (&'static str, String);

/// Names that would break a page that did not escape them.
const BAD_NAME: &str = "<b>\"Fish\" & 'chips'</b> 鍵";

pub(super) fn all() -> Vec<Sample> {
    vec![
        ("medians", medians(&value_sizes()).unwrap()),
        ("medians-eight", medians(&eight_depths()).unwrap()),
        ("medians-names", medians(&commands()).unwrap()),
        ("medians-log", medians(&writers()).unwrap()),
        ("medians-one", medians(&one_point()).unwrap()),
        ("percentiles", percentiles(&histograms()).unwrap()),
        ("percentiles-few", percentiles(&few_percentiles()).unwrap()),
        ("timeline", timeline(&masters_over_time()).unwrap()),
        ("timeline-hour", timeline(&an_hour()).unwrap()),
        ("bars", bars(&processor_time()).unwrap()),
        ("bars-eight", bars(&balance()).unwrap()),
    ]
}

fn words(title: &str) -> Words {
    Words { title: title.into(), description: format!("A sample: {title}.") }
}

fn axis(label: &str, scale: Scale, unit: Unit) -> Axis {
    Axis { label: label.into(), scale, unit }
}

/// A number from 0 to 1 that looks random and is always the same.
fn noise(seed: u64) -> f64 {
    let mixed = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 11) as f64 / (1u64 << 53) as f64
}

/// A point that was measured `runs` times, each up to `spread` of it off.
fn measured(x: f64, around: f64, spread: f64, runs: u64, seed: u64) -> MedianPoint {
    let run = |run| around * (1.0 + spread * (2.0 * noise(seed * 100 + run) - 1.0));
    let mut all: Vec<_> = (0..runs).map(run).collect();
    all.sort_by(f64::total_cmp);
    MedianPoint { x, median: all[all.len() / 2], all }
}

fn value_sizes() -> Medians {
    let sizes: [f64; 5] = [512.0, 1024.0, 2048.0, 4096.0, 8192.0];
    let series = |index: u64, key_size: f64| MedianSeries {
        name: format!("{key_size} B keys"),
        points: (sizes.iter().enumerate())
            .map(|(at, &size)| {
                let rate = 1.9e9 / (size + key_size + 700.0);
                measured(size, rate, 0.08, 3, index * 10 + at as u64)
            })
            .collect(),
    };
    Medians {
        words: words("Throughput against the size of values"),
        x: XAxis::Numbers(axis("value size", Scale::Log, Unit::Bytes)),
        y: axis("keys filled, median of 3 runs", Scale::Linear, Unit::PerSecond),
        series: vec![series(0, 64.0), series(1, 256.0), series(2, 1024.0)],
    }
}

fn eight_depths() -> Medians {
    let depths: [f64; 8] = [100.0, 200.0, 500.0, 1000.0, 1500.0, 2000.0, 5000.0, 10_000.0];
    let series = |index: u64| MedianSeries {
        name: format!("writers {}, key size {}", 1 << (index % 3), 64 << (index / 3)),
        points: (depths.iter().enumerate())
            .map(|(at, &depth): (usize, &f64)| {
                let rate = 350e6 * (1.0 + depth.ln() / 10.0) * (1.0 + index as f64 * 0.13);
                measured(depth, rate, 0.04, 5, index * 31 + at as u64)
            })
            .collect(),
    };
    Medians {
        words: words("Payload against the depth of pipelines, for each number of writers and size of keys"),
        x: XAxis::Numbers(axis("pipeline depth", Scale::Log, Unit::Plain)),
        y: axis("payload", Scale::Linear, Unit::BytesPerSecond),
        series: (0..8).map(series).collect(),
    }
}

fn commands() -> Medians {
    let series = |name: &str, rates: [f64; 3], seed: u64| MedianSeries {
        name: name.into(),
        points: (rates.iter().enumerate())
            .map(|(at, &rate)| measured(at as f64, rate, 0.06, 7, seed + at as u64))
            .collect(),
    };
    Medians {
        words: words("Throughput by command"),
        x: XAxis::Names {
            label: "command".into(),
            names: vec!["set".into(), "mset".into(), BAD_NAME.into()],
        },
        y: axis("keys filled", Scale::Linear, Unit::PerSecond),
        series: vec![
            series("Valkey 9.0.0", [1.1e6, 2.4e6, 2.5e6], 3),
            series("Redis 7.0.15", [0.8e6, 1.2e6, 1.4e6], 40),
        ],
    }
}

fn writers() -> Medians {
    let series = |name: &str, factor: f64| MedianSeries {
        name: name.into(),
        points: [1.0, 2.0, 3.0, 4.0, 16.0]
            .map(|writers| measured(writers, factor * (writers + 0.4), 0.3, 4, writers as u64))
            .to_vec(),
    };
    Medians {
        words: words("Latency against writers"),
        x: XAxis::Numbers(axis("writers per master", Scale::Linear, Unit::Plain)),
        y: axis("99th percentile of a pipeline's latency", Scale::Log, Unit::Microseconds),
        series: vec![series("SET", 2_900.0), series("MSET", 460.0)],
    }
}

fn one_point() -> Medians {
    let points = vec![measured(512.0, 1.25e6, 0.003, 3, 1)];
    Medians {
        words: words(BAD_NAME),
        x: XAxis::Numbers(axis(BAD_NAME, Scale::Log, Unit::Bytes)),
        y: axis(BAD_NAME, Scale::Log, Unit::PerSecond),
        series: vec![MedianSeries { name: BAD_NAME.into(), points }],
    }
}

fn histograms() -> Percentiles {
    let series = |name: &str, seed: u64, scale: f64| {
        let steps = 4_000_u32;
        let mut points: Vec<_> = (0..=steps)
            .map(|step| {
                // Evenly over the nines, as a histogram's own iterator has it.
                let nines = f64::from(step) / f64::from(steps) * 4.7;
                let tail = if nines > 2.4 { (nines - 2.4).powi(2) * 6.0 } else { 0.0 };
                let step_up = 1.0 + nines * 0.8 + tail + 0.02 * noise(seed + u64::from(step / 80));
                (100.0 - 100.0 * 10f64.powf(-nines), (scale * step_up).round())
            })
            .collect();
        points.push((100.0, scale * 61.0));
        PercentileSeries { name: name.into(), points }
    };
    Percentiles {
        words: words("Latency of pipelines by percentile"),
        series: vec![
            series("depth 100", 1, 95.0),
            series("depth 1000", 2, 410.0),
            series("depth 10 000", 3, 2_900.0),
        ],
    }
}

fn few_percentiles() -> Percentiles {
    let points = vec![(50.0, 812.0), (90.0, 1_100.0), (99.0, 1_900.0), (99.9, 4_100.0), (100.0, 9_730.0)];
    Percentiles {
        words: words("Latency of pipelines by percentile"),
        series: vec![PercentileSeries { name: "run".into(), points }],
    }
}

fn mark(name: &str, from_seconds: f64, to_seconds: Option<f64>) -> Mark {
    Mark { name: name.into(), from_seconds, to_seconds }
}

fn masters_over_time() -> Timeline {
    let series = |master: u64| TimeSeries {
        name: format!("127.0.0.1:{}", 7001 + master),
        points: (0..64)
            .map(|second| {
                let is_down = master == 1 && (22..31).contains(&second);
                let level = 4.1e5 + 2.5e4 * master as f64;
                let rate = if is_down { 0.0 } else { level * (0.94 + 0.12 * noise(master * 99 + second)) };
                (second as f64, rate)
            })
            .collect(),
    };
    Timeline {
        words: words("Throughput over time, by master"),
        y: axis("keys filled", Scale::Linear, Unit::PerSecond),
        series: (0..3).map(series).collect(),
        marks: vec![
            mark("127.0.0.1:7002 was restarted", 22.0, Some(30.6)),
            mark("127.0.0.1:7002 refused writes: LOADING", 30.6, Some(31.2)),
            mark("slots moved from 127.0.0.1:7001 to 127.0.0.1:7003", 48.0, None),
        ],
    }
}

fn an_hour() -> Timeline {
    let series = |name: &str, scale: f64| TimeSeries {
        name: name.into(),
        points: (0..3_600)
            .map(|second| {
                let value = scale * (1.0 + noise(second + scale as u64)).powi(3);
                let is_unknown = (1_200..1_380).contains(&second);
                (second as f64, if is_unknown { f64::NAN } else { value })
            })
            .collect(),
    };
    Timeline {
        words: words("Latency over an hour, by percentile"),
        y: axis("latency of pipelines", Scale::Log, Unit::Microseconds),
        series: vec![series("median", 300.0), series("99 %", 1_900.0), series("longest", 11_000.0)],
        marks: (0..40)
            .map(|at| mark("a master took over", 60.0 + 85.0 * at as f64, (at % 3 > 0).then_some(1e9)))
            .map(|mark| Mark { to_seconds: mark.to_seconds.map(|_| mark.from_seconds + 20.0), ..mark })
            .collect(),
    }
}

fn processor_time() -> Bars {
    let row = |name: &str, values: [f64; 2]| BarRow { name: name.into(), values: values.to_vec() };
    Bars {
        words: words("Processor time during the fill"),
        x: axis("processor time", Scale::Linear, Unit::Seconds),
        series: vec!["user".into(), "system".into()],
        rows: vec![
            row("client", [3.1, 5.2]),
            row("127.0.0.1:7001", [14.2, 6.9]),
            row("127.0.0.1:7002", [13.7, 7.3]),
            row("127.0.0.1:7003", [15.0, 6.4]),
        ],
    }
}

fn balance() -> Bars {
    let row = |row: u64| BarRow {
        name: format!("[2001:db8:85a3::8a2e:370:{}]:6379 {BAD_NAME}", 7000 + row),
        values: (0..8).map(|series| 1e6 * noise(row * 10 + series)).collect(),
    };
    Bars {
        words: words("Keys of each master"),
        x: axis("keys", Scale::Linear, Unit::Plain),
        series: (1..=8).map(|number| format!("writer {number}")).collect(),
        rows: (0..5).map(row).collect(),
    }
}

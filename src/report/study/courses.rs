//! Single runs from their beginning to their end: throughput and latency over time, with what happened to
//! the masters, and how evenly these worked.

use serde::Serialize;

use super::page::{Figure, Undrawn};
use super::words::{plural, point};
use crate::chart::{
    Axis, BarRow, Bars, ChartError, MAX_SERIES, Mark, Scale, TimeSeries, Timeline, Unit, Words, bars,
    timeline,
};
use crate::report::terminal::words::{micros, short, span};
use crate::results::{Course, CourseOf, CourseWhy, Incident, RunDetail, Slice, Study};

/// Incidents of a run that are marked and listed.
const INCIDENTS_MAX: usize = 12;

/// Masters that have a bar: beyond these, the slowest and the fastest.
const MASTERS_MAX: usize = 16;

/// Masters that have a line of their own over time.
const MASTER_LINES_MAX: usize = MAX_SERIES - 1;

/// A run of fewer seconds has no course to draw.
const SLICES_LEAST: usize = 3;

/// One run, from its beginning to its end.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RunShown {
    pub(super) heading: String,
    /// Why this one.
    pub(super) why: String,
    pub(super) figures: Vec<Figure>,
    pub(super) incidents: Vec<String>,
    pub(super) incidents_left_out: u64,
}

/// The runs that are worth a look from their beginning to their end.
pub(super) fn courses(study: &Study, details: &[RunDetail], undrawn: &mut Undrawn) -> Vec<RunShown> {
    let of = |course: &CourseOf| details.iter().find(|detail| detail.run == course.run);
    let known = study.courses.iter().filter_map(|course| Some((course, of(course)?)));
    let is_known = |detail: &RunDetail| {
        !(detail.course.slices.is_empty() && detail.masters.is_empty() && detail.incidents.is_empty())
    };
    let mut shown = Vec::new();
    for (number, (course, detail)) in known.filter(|(_, detail)| is_known(detail)).enumerate() {
        let number = number + 1;
        let name =
            course.point.map_or_else(|| detail.run.clone(), |place| point(study, &study.points[place]));
        let heading = match course.why {
            CourseWhy::Few if study.runs == 1 => "The run".into(),
            CourseWhy::Few => format!("Run {number}: {name}"),
            CourseWhy::Typical => format!("A typical run: {name}"),
            CourseWhy::Incidents => format!("A run with {}: {name}", plural(happened(detail), "incident")),
        };
        let figures = [
            throughput_over_time(number, &heading, detail),
            latency_over_time(number, &heading, detail),
            balance(number, &heading, detail),
        ];
        let incidents = detail.incidents.iter().take(INCIDENTS_MAX).enumerate();
        let left_out = happened(detail).saturating_sub(INCIDENTS_MAX as u64);
        shown.push(RunShown {
            heading,
            why: match slices(&detail.course).count() {
                0 => format!("Run {}. intervals.csv, which was not found, has its seconds.", detail.run),
                short if short < SLICES_LEAST => {
                    format!("Run {}. It was too short to be drawn second by second.", detail.run)
                }
                _ => format!("Run {}.", detail.run),
            },
            figures: figures.into_iter().flatten().filter_map(|figure| undrawn.or_note(figure)).collect(),
            incidents: incidents.map(|(place, incident)| told(place + 1, incident)).collect(),
            incidents_left_out: left_out,
        });
    }
    shown
}

fn happened(detail: &RunDetail) -> u64 {
    detail.incidents.len() as u64 + detail.incidents_left_out
}

fn told(number: usize, incident: &Incident) -> String {
    let over = match incident.recovered_seconds {
        Some(seconds) => format!("over after {}", span(seconds)),
        None => "never over".into(),
    };
    let times = if incident.times > 1 { format!(", {} times", incident.times) } else { String::new() };
    let place = if incident.master.is_empty() { String::new() } else { format!(" at {}", incident.master) };
    let kind = incident.kind.name().replace('_', " ");
    format!("{number}: {kind}{place} after {}{times}, {over}: {}", span(incident.at_seconds), incident.text)
}

fn marks(detail: &RunDetail) -> Vec<Mark> {
    let mark = |incident: &Incident| Mark {
        name: match incident.master.is_empty() {
            true => incident.kind.name().replace('_', " "),
            false => format!("{} at {}", incident.kind.name().replace('_', " "), incident.master),
        },
        from_seconds: incident.at_seconds,
        to_seconds: incident.recovered_seconds.map(|seconds| incident.at_seconds + seconds),
    };
    detail.incidents.iter().take(INCIDENTS_MAX).map(mark).collect()
}

fn with_incidents(detail: &RunDetail) -> String {
    match happened(detail) {
        0 => String::new(),
        count => format!(" {} marked.", if count == 1 { "One incident is" } else { "Incidents are" }),
    }
}

/// The slices of a run, but for what is left over at its end: a piece of a second says little of one.
fn slices(course: &Course) -> impl Iterator<Item = &Slice> + Clone {
    let length = |slice: &Slice| slice.end_seconds - slice.start_seconds;
    let least = course.slices.first().map_or(0.0, |first| length(first) / 2.0);
    course.slices.iter().filter(move |slice| length(slice) >= least)
}

fn throughput_over_time(
    number: usize,
    heading: &str,
    detail: &RunDetail,
) -> Option<Result<Figure, ChartError>> {
    let course = &detail.course;
    let slices = slices(course);
    if slices.clone().count() < SLICES_LEAST {
        return None;
    }
    let middle = |slice: &Slice| f64::midpoint(slice.start_seconds, slice.end_seconds);
    let sum = |slice: &Slice| slice.keys_per_second.iter().flatten().sum::<f64>();
    let all = slices.clone().map(|slice| (middle(slice), sum(slice))).collect();
    let mut series = vec![TimeSeries { name: "all masters".into(), points: all }];
    if (2..=MASTER_LINES_MAX).contains(&course.masters.len()) {
        for (place, master) in course.masters.iter().enumerate() {
            let points = slices
                .clone()
                .filter_map(|slice| Some((middle(slice), slice.keys_per_second[place]?)))
                .collect();
            series.push(TimeSeries { name: master.clone(), points });
        }
    }
    let rates: Vec<f64> = slices.map(sum).collect();
    let (least, most) =
        rates.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), &rate| (least.min(rate), most.max(rate)));
    let title = "Throughput over time";
    let alt = format!(
        "{heading}: between {} and {} keys a second, over {}.{}",
        short(least),
        short(most),
        span(course.slices.last().map_or(0.0, |slice| slice.end_seconds)),
        with_incidents(detail)
    );
    let chart = Timeline {
        words: Words { title: title.into(), description: alt.clone() },
        y: Axis { label: "keys".into(), scale: Scale::Linear, unit: Unit::PerSecond },
        series,
        marks: marks(detail),
    };
    let caption = format!("Keys executed, by barriers answered, in each second.{}", with_incidents(detail));
    Some(timeline(&chart).map(|svg| Figure {
        file: format!("run-{number}-throughput.svg"),
        title: title.into(),
        alt,
        caption,
        svg,
    }))
}

fn latency_over_time(number: usize, heading: &str, detail: &RunDetail) -> Option<Result<Figure, ChartError>> {
    let points: Vec<(f64, f64)> = slices(&detail.course)
        .filter_map(|slice| {
            Some((f64::midpoint(slice.start_seconds, slice.end_seconds), slice.latency_us_p99? as f64))
        })
        .collect();
    if points.len() < SLICES_LEAST {
        return None;
    }
    let most = points.iter().fold(0.0_f64, |most, (_, us)| most.max(*us));
    let title = "Latency over time";
    let alt = format!(
        "{heading}: the 99th percentile of the slowest master, at most {}.{}",
        micros(most.round() as u64),
        with_incidents(detail)
    );
    let chart = Timeline {
        words: Words { title: title.into(), description: alt.clone() },
        y: Axis { label: "p99 of pipelines".into(), scale: Scale::Log, unit: Unit::Microseconds },
        series: vec![TimeSeries { name: "the slowest master".into(), points }],
        marks: marks(detail),
    };
    let caption = format!(
        "The 99th percentile of the pipelines that ended in each second, at the master where it was \
         largest; logarithmic.{}",
        with_incidents(detail)
    );
    Some(timeline(&chart).map(|svg| Figure {
        file: format!("run-{number}-latency.svg"),
        title: title.into(),
        alt,
        caption,
        svg,
    }))
}

/// How evenly the masters worked. One master is even by itself.
fn balance(number: usize, heading: &str, detail: &RunDetail) -> Option<Result<Figure, ChartError>> {
    let mut masters: Vec<_> = detail.masters.iter().filter(|master| master.keys > 0).collect();
    if masters.len() < 2 {
        return None;
    }
    let all = masters.len();
    masters.sort_by(|a, b| b.keys_per_second.total_cmp(&a.keys_per_second));
    let (fastest, slowest) = (masters[0], masters[all - 1]);
    if all > MASTERS_MAX {
        masters.drain(MASTERS_MAX / 2..all - MASTERS_MAX / 2);
    }
    let title = "Balance of the masters";
    let slower = 100.0 * (1.0 - slowest.keys_per_second / fastest.keys_per_second);
    let alt = format!(
        "{heading}: from {} keys a second at {} down to {} at {}, {slower:.0}% less.",
        short(fastest.keys_per_second),
        fastest.address,
        short(slowest.keys_per_second),
        slowest.address
    );
    let rows = masters
        .iter()
        .map(|master| BarRow { name: master.address.clone(), values: vec![master.keys_per_second] })
        .collect();
    let left_out = match all - masters.len() {
        0 => String::new(),
        more => format!(" {more} between them are left out."),
    };
    let caption = format!(
        "Keys a second of each master over its own part of the fill, fastest first: the slowest is \
         {slower:.0}% below the fastest.{left_out}"
    );
    let chart = Bars {
        words: Words { title: title.into(), description: alt.clone() },
        x: Axis { label: "keys".into(), scale: Scale::Linear, unit: Unit::PerSecond },
        series: vec!["keys a second".into()],
        rows,
    };
    let file = format!("run-{number}-balance.svg");
    Some(bars(&chart).map(|svg| Figure { file, title: title.into(), alt, caption, svg }))
}

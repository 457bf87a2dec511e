//! A common start: fills of several machines begin at one time, each by its own clock.

use std::time::{Duration, SystemTime};

use humantime::{format_duration, format_rfc3339_millis};

use crate::results::{Event, Observer};

/// How often the clock is looked at: it may be set meanwhile.
const LOOK: Duration = Duration::from_secs(1);
/// Who begins later than this is told of.
const LATE: Duration = Duration::from_millis(500);

/// Waits until that time; returns what the user should know if it is over already.
pub(super) async fn wait_until(start: SystemTime, observer: &dyn Observer) -> Option<String> {
    let left = || start.duration_since(SystemTime::now()).ok().filter(|left| !left.is_zero());
    if left().is_some() {
        observer.event(&Event::Waiting { until: format_rfc3339_millis(start).to_string() });
    }
    while let Some(left) = left() {
        tokio::time::sleep(left.min(LOOK)).await;
    }
    let late = SystemTime::now().duration_since(start).unwrap_or_default();
    (late > LATE).then(|| {
        let late = format_duration(Duration::from_millis(late.as_millis() as u64));
        format!("the fill begins {late} after --start-at: the masters were looked at until now")
    })
}

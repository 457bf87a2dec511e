//! Events for more than one listener.

use crate::results::{Event, Observer};

/// Hands each event to several observers, in their order.
#[derive(Clone, Copy)]
pub struct Tee<'a>(pub &'a [&'a dyn Observer]);

impl Observer for Tee<'_> {
    fn event(&self, event: Event) {
        if let Some((last, others)) = self.0.split_last() {
            for other in others {
                other.event(event.clone());
            }
            last.event(event);
        }
    }
}

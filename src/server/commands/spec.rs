//! What is known of a command before it runs.

use crate::resp::Request;
use crate::server::execute::{Context, Refusal};

/// What a command is, and does.
pub(crate) struct Spec {
    /// In lower case; a subcommand is `client|reply`.
    pub(crate) name: &'static str,
    /// Words that it has, its name included; negative: at least so many.
    pub(crate) arity: i32,
    pub(crate) flags: Flags,
    pub(crate) keys: Keys,
    pub(crate) run: fn(&mut Context<'_>, Request<'_>) -> Result<(), Refusal>,
}

impl Spec {
    /// Whether a request may have so many words.
    pub(crate) fn takes(&self, words: usize) -> bool {
        let words = words as i32;
        words == self.arity || (self.arity < 0 && words >= -self.arity)
    }
}

/// Properties of a command, as COMMAND tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flags(u16);

impl Flags {
    pub(crate) const NONE: Self = Self(0);
    /// It may change keys.
    pub(crate) const WRITE: Self = Self(1);
    /// It reads keys and changes none.
    pub(crate) const READ: Self = Self(1 << 1);
    /// It is refused when the memory is full.
    pub(crate) const DENY_OOM: Self = Self(1 << 2);
    /// It is for whoever runs the server.
    pub(crate) const ADMIN: Self = Self(1 << 3);
    /// It needs no authentication.
    pub(crate) const NO_AUTH: Self = Self(1 << 4);
    /// It takes a time that does not grow with the keys.
    pub(crate) const FAST: Self = Self(1 << 5);
    /// It has subcommands.
    pub(crate) const CONTAINER: Self = Self(1 << 6);
    /// It may touch a slot that is being imported.
    pub(crate) const ASKING: Self = Self(1 << 7);
    /// It may not be part of a transaction.
    pub(crate) const NO_MULTI: Self = Self(1 << 8);
    /// It is executed at once also between MULTI and EXEC.
    pub(crate) const UNQUEUED: Self = Self(1 << 9);

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Which words of a request are keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    /// The place of the first; 0 is none.
    pub(crate) first: usize,
    /// The place of the last; negative counts from the end, -1 being the last word.
    pub(crate) last: i32,
    pub(crate) step: usize,
}

impl Keys {
    pub(crate) const NONE: Self = Self { first: 0, last: 0, step: 1 };
    pub(crate) const ONE: Self = Self { first: 1, last: 1, step: 1 };
    pub(crate) const TWO: Self = Self { first: 1, last: 2, step: 1 };
    pub(crate) const ALL: Self = Self { first: 1, last: -1, step: 1 };
    /// Each followed by its value.
    pub(crate) const PAIRS: Self = Self { first: 1, last: -1, step: 2 };

    pub(crate) fn first<'a>(self, request: Request<'a>) -> Option<&'a [u8]> {
        if self.first == 0 { None } else { request.get(self.first) }
    }

    /// All keys of a request.
    pub(crate) fn of<'a>(
        self,
        request: Request<'a>,
    ) -> impl ExactSizeIterator<Item = &'a [u8]> + Clone + use<'a> {
        let words = request.len();
        let last = if self.last < 0 { words.saturating_sub(-self.last as usize) } else { self.last as usize };
        let end = if self.first == 0 { 0 } else { (last + 1).min(words) };
        let count = end.saturating_sub(self.first).div_ceil(self.step);
        request.from(self.first).step_by(self.step).take(count)
    }
}

//! A study as one web page that needs nothing else: no script, no network, the drawings in it. What is in
//! `page.html` is laid out by a template engine, which escapes every text but the drawings.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, escape_formatter};

use super::folder::MARK;
use super::page::Page;
use crate::text::printable;

/// The page.
///
/// # Errors
/// What the template engine says; the template itself is held by tests.
pub(super) fn html(page: &Page) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, state, value| match value.as_str() {
        // What turns the direction of reading is no markup, and is no text to be read either.
        Some(text) if !value.is_safe() => escape_formatter(out, state, &printable(text).into_owned().into()),
        _ => escape_formatter(out, state, value),
    });
    environment.add_template("page.html", include_str!("page.html"))?;
    environment.add_global("mark", MARK);
    environment.get_template("page.html")?.render(Serde(page))
}

//! Writing SVG: elements with classes, escaped text, short numbers, and the document around them. Colours,
//! dashes and sizes of text are the style sheet's (`style.rs`).

use std::fmt::{Debug, Write};

use super::model::Words;
use super::style::{HATCHES, TILE, sheet};

/// Width of every drawing, in its own units. About 1.5 of them are a pixel of a phone's screen, and less
/// than one is a pixel of a desk's.
pub(super) const WIDTH: f64 = 560.0;

/// A coordinate as a drawing has it: a tenth of a unit is finer than any screen.
pub(super) fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // Negative zero would be written with its sign.
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
}

/// The path through some places. One place alone is a line of no length, which round ends make a dot.
pub(super) fn polyline(places: impl Iterator<Item = (f64, f64)>) -> String {
    let places: Vec<_> = places.map(|(x, y)| format!("{} {}", number(x), number(y))).collect();
    let dot = if places.len() == 1 { "h0" } else { "" };
    format!("M{}{dot}", places.join("L"))
}

/// Text as it may stand in an element or in a quoted attribute. Control characters are not allowed in XML,
/// however they are written.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(' '),
            letter if letter.is_control() || ['\u{fffe}', '\u{ffff}'].contains(&letter) => {
                escaped.push('\u{fffd}');
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Which point of a text is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Elements in the order in which they are painted.
pub(super) struct Body {
    /// What all ids of this drawing begin with.
    id: String,
    text: String,
}

impl Body {
    /// Nothing yet. The ids are made of all that is drawn, so that no other drawing of a page has them unless
    /// it is the same, and the same data always give the same file.
    pub(super) fn new(chart: &impl Debug) -> Self {
        let mut hash = Hash(0xcbf2_9ce4_8422_2325);
        let _ = write!(hash, "{chart:?}");
        Self { id: format!("fb-{:016x}", hash.0), text: String::new() }
    }

    /// An element without content. Values of attributes are numbers and names of our own, so they need
    /// no escaping.
    fn element(&mut self, name: &str, class: &str, attributes: &[(&str, &str)]) {
        let _ = write!(self.text, "<{name} class=\"{class}\"");
        for (key, value) in attributes {
            let _ = write!(self.text, " {key}=\"{value}\"");
        }
        self.text.push_str("/>\n");
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ends = [from.0, from.1, to.0, to.1].map(number);
        let names = ["x1", "y1", "x2", "y2"];
        let attributes: Vec<_> = names.into_iter().zip(ends.iter().map(String::as_str)).collect();
        self.element("line", class, &attributes);
    }

    /// A rectangle from its upper left corner.
    pub(super) fn rect(&mut self, class: &str, corner: (f64, f64), size: (f64, f64)) {
        let edges = [corner.0, corner.1, size.0, size.1].map(number);
        let names = ["x", "y", "width", "height"];
        let attributes: Vec<_> = names.into_iter().zip(edges.iter().map(String::as_str)).collect();
        self.element("rect", class, &attributes);
    }

    pub(super) fn path(&mut self, class: &str, d: &str) {
        self.element("path", class, &[("d", d)]);
    }

    /// Declares the hatchings of so many series, of which the first has none.
    pub(super) fn hatchings(&mut self, series: usize) {
        self.text.push_str("<defs>\n");
        for (index, d) in HATCHES.iter().enumerate().take(series.saturating_sub(1)) {
            let (id, number) = (&self.id, index + 1);
            let _ = writeln!(
                self.text,
                "<pattern id=\"{id}-h{number}\" width=\"{TILE}\" height=\"{TILE}\" \
                 patternUnits=\"userSpaceOnUse\"><path class=\"hatch\" d=\"{d}\"/></pattern>"
            );
        }
        self.text.push_str("</defs>\n");
    }

    /// Covers a rectangle with a hatching, from 1.
    pub(super) fn hatch(&mut self, hatching: usize, corner: (f64, f64), size: (f64, f64)) {
        let [x, y, width, height] = [corner.0, corner.1, size.0, size.1].map(number);
        let fill = format!("url(#{}-h{hatching})", self.id);
        let attributes = [("x", &x), ("y", &y), ("width", &width), ("height", &height), ("fill", &fill)];
        self.element("rect", "hatched", &attributes.map(|(key, value)| (key, value.as_str())));
    }

    /// A line of text, in the middle of whose height its place is, whatever its size.
    pub(super) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let (x, y) = (number(at.0), number(at.1));
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let text = escape(text);
        let _ = writeln!(
            self.text,
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\" dy=\".35em\"{anchor}>{text}</text>"
        );
    }

    /// Begins a group, with what a mouse over it tells if that is not empty.
    pub(super) fn open(&mut self, class: &str, title: &str) {
        let _ = writeln!(self.text, "<g class=\"{class}\">");
        if !title.is_empty() {
            let _ = writeln!(self.text, "<title>{}</title>", escape(title));
        }
    }

    /// Ends a group.
    pub(super) fn close(&mut self) {
        self.text.push_str("</g>\n");
    }

    /// The whole file. `kind` is a word for the class of the drawing.
    pub(super) fn into_document(self, kind: &str, words: &Words, height: f64) -> String {
        let (width, height) = (number(WIDTH), number(height));
        let (title, description) = (escape(&words.title), escape(&words.description));
        let (id, sheet) = (self.id, sheet());
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"fillbench-chart fillbench-{kind}\" \
             viewBox=\"0 0 {width} {height}\" width=\"100%\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-desc\">\n\
             <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{description}</desc>\n\
             <style>\n{sheet}</style>\n\
             <rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n\
             {}</svg>\n",
            self.text
        )
    }
}

/// FNV-1a of what is written to it.
struct Hash(u64);

impl Write for Hash {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_xml_is_escaped() {
        assert_eq!(escape("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
        assert_eq!(escape("a\nb\u{0}c\u{1b}[1m\u{ffff}"), "a b\u{fffd}c\u{fffd}[1m\u{fffd}");
        assert_eq!(escape("µs – Größe 鍵"), "µs – Größe 鍵");
    }

    #[test]
    fn coordinates_are_short() {
        let written = [(1.0, "1"), (1.25, "1.3"), (-0.01, "0"), (123.449, "123.4"), (-7.5, "-7.5")];
        for (value, expected) in written {
            assert_eq!(number(value), expected);
        }
    }

    #[test]
    fn ids_are_those_of_the_data() {
        assert_eq!(Body::new(&("a", 1.0)).id, Body::new(&("a", 1.0)).id);
        assert_ne!(Body::new(&("a", 1.0)).id, Body::new(&("a", 1.5)).id);
    }
}

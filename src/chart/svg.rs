//! Writing SVG: elements with classes, escaped text, short numbers, and the document around them. Colours,
//! dashes and sizes of text are the style sheet's (`style.rs`).

use std::fmt::Write;

use super::model::Words;

/// Width of every drawing, in its own units. About 1.5 of them are a pixel of a phone's screen, and less
/// than one is a pixel of a desk's.
pub(super) const WIDTH: f64 = 560.0;

/// A coordinate as a drawing has it: a tenth of a unit is finer than any screen.
pub(super) fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    // Negative zero would be written with its sign.
    format!("{}", if rounded == 0.0 { 0.0 } else { rounded })
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
#[derive(Default)]
pub(super) struct Body {
    text: String,
}

impl Body {
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
        let id = id(&[kind, &words.title, &words.description, &self.text]);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"fillbench-chart fillbench-{kind}\" \
             viewBox=\"0 0 {width} {height}\" width=\"100%\" role=\"img\" \
             aria-labelledby=\"{id}-title {id}-desc\">\n\
             <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{description}</desc>\n\
             {}</svg>\n",
            self.text
        )
    }
}

/// A name that no other drawing of a page has, unless it is the same drawing: made of all that is in it
/// (FNV-1a), so that the same data always give the same file.
fn id(parts: &[&str]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0xff])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("fb-{hash:016x}")
}

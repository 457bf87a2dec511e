//! The style sheet of a drawing: colours for light and dark, dashes, and sizes of text. Its rules begin
//! with the class of the drawing, so that they reach nothing else in a page that it stands in.
//!
//! Plain rules rather than variables, which some programs that draw SVG do not know. Dark is for screens:
//! on paper everything is light.

use super::model::MAX_SERIES;

/// Size of text, in units, where a drawing is wide.
const TEXT: u32 = 14;

/// Size of text where a drawing is narrow, as on a phone, so that it is still 11 pixels high. Whatever is laid
/// out leaves room for this.
pub(super) const TEXT_NARROW: f64 = 19.0;

/// Size of a title where a drawing is wide.
const TITLE: u32 = 17;

/// Size of a title where a drawing is narrow.
pub(super) const TITLE_NARROW: f64 = 21.0;

/// Width in CSS pixels up to which a drawing, or the page around it, counts as narrow.
const NARROW_PIXELS: u32 = 480;

/// The colours of a theme.
struct Theme {
    ground: &'static str,
    text: &'static str,
    axis: &'static str,
    grid: &'static str,
    minor: &'static str,
    mark: &'static str,
    series: [&'static str; MAX_SERIES],
}

/// Okabe and Ito's palette (Color Universal Design, 2008), which people with any kind of colour blindness can
/// tell apart. Its yellow cannot be seen on white: in its place is a violet, the colour that is farthest from
/// the others in all of them. Orange is somewhat darker.
const LIGHT: Theme = Theme {
    ground: "#ffffff",
    text: "#1c1f24",
    axis: "#6a717b",
    grid: "#d9dde2",
    minor: "#eef0f3",
    mark: "#8a919b",
    series: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#000000", "#db9700", "#56b4e9", "#7733dd"],
};

/// The same, lighter where it would be too dark on black; white for black.
const DARK: Theme = Theme {
    ground: "#15181c",
    text: "#e4e7eb",
    axis: "#939ba6",
    grid: "#343a42",
    minor: "#252a30",
    mark: "#8a919b",
    series: ["#4aa8e8", "#e8702a", "#16b386", "#dd8fbb", "#f2f2f2", "#f0ae20", "#8fd0f5", "#f0e442"],
};

/// Strokes and gaps of each series' line; the first is unbroken. Round ends add a unit at each side.
const DASHES: [&str; MAX_SERIES] = ["none", "9 6", "1 5", "11 5 1 5", "4 6", "18 6", "8 5 1 5 1 5", "1 10"];

/// The hatching of bars of all series but the first, as paths in a square of [`TILE`] units.
pub(super) const HATCHES: [&str; MAX_SERIES - 1] = [
    "M-2 2L2 -2M0 8L8 0M6 10L10 6",
    "M1 4h2M5 0h2M5 8h2",
    "M0 4h8",
    "M-2 6L2 10M0 0L8 8M6 -2L10 2",
    "M4 0v8",
    "M0 4h8M4 0v8",
    "M0 8L8 0M0 0L8 8",
];

/// Edge of the square that is repeated to hatch a bar.
pub(super) const TILE: f64 = 8.0;

/// The whole sheet.
pub(super) fn sheet() -> String {
    let dashes: String = (DASHES.iter().enumerate().skip(1))
        .map(|(index, dash)| rule(&format!(".s{} .line", index + 1), &format!("stroke-dasharray:{dash}")))
        .collect();
    let shapes: String = SHAPES.iter().map(|(selector, style)| rule(selector, style)).collect();
    let narrow = [
        rule("text", &format!("font-size:{TEXT_NARROW}px")),
        rule(".title", &format!("font-size:{TITLE_NARROW}px")),
    ];
    [
        rule("", "max-width:50rem"),
        rule("text", &format!("font:{TEXT}px system-ui,-apple-system,Roboto,Arial,sans-serif")),
        rule(".title", &format!("font-size:{TITLE}px;font-weight:600")),
        shapes,
        dashes,
        colours(&LIGHT),
        format!("@media screen and (prefers-color-scheme:dark){{\n{}}}\n", colours(&DARK)),
        format!("@media (max-width:{NARROW_PIXELS}px){{\n{}}}\n", narrow.concat()),
    ]
    .concat()
}

/// What is the same in light and dark. `currentColor` is the series' own.
const SHAPES: [(&str, &str); 12] = [
    (".line", "fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;stroke-linecap:round"),
    (".range", "fill:none;stroke:currentColor;stroke-width:1.5"),
    (".dots", "fill:none;stroke:currentColor;stroke-width:4.5;stroke-linecap:round;stroke-opacity:.55"),
    (".marker", "fill:currentColor;stroke-width:1.2"),
    (".bar", "fill:currentColor"),
    (".hatch", "fill:none;stroke-width:1.6;stroke-opacity:.75"),
    (".grid,.minor,.axis", "stroke-width:1"),
    (".band", "fill-opacity:.18;stroke:none"),
    (".moment", "stroke-width:1.5;stroke-dasharray:3 3"),
    (".number", "font-weight:600"),
    (".name,.total,.number", "paint-order:stroke;stroke-width:4;stroke-linejoin:round"),
    (".area", "fill:currentColor;fill-opacity:.25;stroke:none"),
];

fn colours(theme: &Theme) -> String {
    let Theme { ground, text, axis, grid, minor, mark, series } = theme;
    let series: String = (series.iter().enumerate())
        .map(|(index, colour)| rule(&format!(".s{}", index + 1), &format!("color:{colour}")))
        .collect();
    [
        rule(".ground", &format!("fill:{ground}")),
        rule("text", &format!("fill:{text}")),
        rule(".axis", &format!("stroke:{axis}")),
        rule(".grid", &format!("stroke:{grid}")),
        rule(".minor", &format!("stroke:{minor}")),
        rule(".band", &format!("fill:{mark}")),
        rule(".moment", &format!("stroke:{mark}")),
        rule(".marker,.hatch,.bar,.name,.total,.number", &format!("stroke:{ground}")),
        series,
    ]
    .concat()
}

/// A rule for parts of a drawing; for the drawing itself if no part is named.
fn rule(selector: &str, style: &str) -> String {
    let parts: Vec<_> =
        selector.split(',').map(|part| format!(".fillbench-chart {part}").trim_end().to_owned()).collect();
    format!("{}{{{style}}}\n", parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of `#rrggbb`, as WCAG 2 defines it.
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        let linear = |value: f64| match value <= 0.04045 {
            true => value / 12.92,
            false => ((value + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * linear(part(1)) + 0.7152 * linear(part(3)) + 0.0722 * linear(part(5))
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_and_lines_stand_out_from_the_ground() {
        for theme in [&LIGHT, &DARK] {
            assert!(contrast(theme.text, theme.ground) > 10.0);
            assert!(contrast(theme.axis, theme.ground) > 4.5);
            for (index, colour) in theme.series.iter().enumerate() {
                // The orange and the light blue of the palette are pale on white: they come late.
                let least = if index < 5 { 3.0 } else { 2.2 };
                assert!(contrast(colour, theme.ground) > least, "{colour}");
            }
        }
    }

    #[test]
    fn no_two_series_look_the_same() {
        for list in [&LIGHT.series, &DARK.series, &DASHES] {
            let mut sorted = list.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), MAX_SERIES);
        }
    }

    #[test]
    fn every_rule_is_for_the_drawing_only_and_nothing_is_fetched() {
        let sheet = sheet();
        for line in sheet.lines().filter(|line| !line.starts_with(['@', '}'])) {
            let (selectors, _) = line.split_once('{').unwrap();
            assert!(selectors.split(',').all(|one| one.starts_with(".fillbench-chart")), "{line}");
        }
        for word in ["url(", "@import", "@font-face", "http", "<", "&"] {
            assert!(!sheet.contains(word), "{word}");
        }
        assert_eq!(sheet.matches('{').count(), sheet.matches('}').count());
    }
}

//! What every option comes to, and who says so.

use std::fmt::Write;

/// Values longer than this do not move the column behind them.
const WIDEST_VALUE: usize = 24;

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownOption {
    /// As it is typed: `--writers`.
    pub name: String,
    /// What it comes to.
    pub value: String,
    /// Who says so.
    pub source: String,
}

/// The options under their headings, each with its value and its source.
pub fn options_table(groups: &[(String, Vec<ShownOption>)]) -> String {
    let all = || groups.iter().flat_map(|(_, options)| options);
    let name_width = all().map(|option| option.name.len()).max().unwrap_or(0);
    let widths = all().map(|option| option.value.chars().count()).filter(|width| *width <= WIDEST_VALUE);
    let value_width = widths.max().unwrap_or(0);
    let mut text = String::new();
    for (place, (heading, options)) in groups.iter().enumerate() {
        let gap = if place == 0 { "" } else { "\n" };
        // Writing into memory does not fail.
        let _ = writeln!(text, "{gap}{heading}:");
        for ShownOption { name, value, source } in options {
            let _ = writeln!(text, "  {name:<name_width$}  {value:<value_width$}  {source}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_but_for_long_values() {
        let option = |name: &str, value: &str, source: &str| ShownOption {
            name: name.into(),
            value: value.into(),
            source: source.into(),
        };
        let groups = [
            (
                "Fill".to_owned(),
                vec![option("--writers", "1", "preset small"), option("-S", "no", "default")],
            ),
            ("Output".to_owned(), vec![option("--out", &"long/".repeat(6), "given")]),
        ];
        let expected = format!(
            "Fill:\n  --writers  1   preset small\n  -S         no  default\n\nOutput:\n  --out      {}  given\n",
            "long/".repeat(6)
        );
        assert_eq!(options_table(&groups), expected);
    }
}

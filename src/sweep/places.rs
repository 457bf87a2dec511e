//! Where the settings of a grid were written, and in which of them the fault of a point lies. Pure.

use std::collections::BTreeMap;

use super::{Grid, Param};
use crate::results::{Point, Setting};

/// Where settings were written: those of a file, each with its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    file: String,
    lines: BTreeMap<(Param, Setting), usize>,
}

impl Places {
    /// In this file.
    pub(super) fn new(file: &str) -> Self {
        Self { file: file.into(), lines: BTreeMap::new() }
    }

    pub(super) fn note(&mut self, param: Param, setting: &Setting, line: usize) {
        self.lines.insert((param, setting.clone()), line);
    }

    /// Those that are left where `other` says of some parameters what they are set to.
    pub fn replaced_by(mut self, other: &Grid) -> Self {
        self.lines.retain(|(param, _), _| !other.sets(*param));
        self
    }

    /// What is to be told before the fault of a point: file, line and key of the settings that it lies in, or nothing
    /// if these are in no file. `fault` finds out what is wrong with a point.
    pub fn of_fault<E: PartialEq>(&self, point: &Point, fault: impl Fn(&Point) -> Option<E>) -> String {
        let found = fault(point);
        // Without what has nothing to do with it, the fault stays the same.
        let at_fault = Param::ALL.into_iter().filter_map(|param| {
            let setting = point.settings.get(param.recorded())?;
            let mut other = point.clone();
            match param {
                // There is no point without one of them.
                Param::Data | Param::Keys => {
                    other.settings.insert(param.recorded().into(), Setting::Number(1));
                }
                _ => drop(other.settings.remove(param.recorded())),
            }
            (fault(&other) != found).then_some((param, setting))
        });
        let line =
            |(param, setting): (Param, &Setting)| (self.lines.get(&(param, setting.clone())).copied(), param);
        let (mut written, given): (Vec<_>, Vec<_>) = at_fault.map(line).partition(|(line, _)| line.is_some());
        written.sort_unstable();
        let mut written = written.into_iter().filter_map(|(line, param)| Some((line?, param)));
        let Some((line, param)) = written.next() else { return String::new() };
        let others = written.map(|(line, param)| format!("{} on line {line}", param.name()));
        let others: Vec<_> = others.chain(given.iter().map(|(_, param)| param.option())).collect();
        let with = if others.is_empty() { String::new() } else { format!(", with {}", others.join(" and ")) };
        format!("{}:{line}: {}{with}: ", self.file, param.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::GridFile;

    const FILE: &str =
        "[grid]\nkeys = 10\nkey_size = [64,\n  4]\norder = \"slot,stride\"\ncommand = \"mset\"\n";

    /// Something is wrong with MSET that strides, with keys below 7 bytes, and with none at all.
    fn fault(point: &Point) -> Option<String> {
        let word = |name: &str| {
            point.settings.get(name).map_or("", |setting| match setting {
                Setting::Word(word) => word.as_str(),
                Setting::Number(_) => "",
            })
        };
        let number = |name: &str| match point.settings.get(name) {
            Some(Setting::Number(number)) => Some(*number),
            _ => None,
        };
        match (number("keys")?, number("key_size")) {
            (keys, Some(size)) if size < 7 => Some(format!("{size} bytes are too few for {keys} keys")),
            _ => (word("command") == "mset" && word("order") == "stride").then(|| "it strides".into()),
        }
    }

    #[test]
    fn a_fault_is_told_with_the_lines_that_it_lies_in() {
        let file = GridFile::parse("a.toml", FILE).unwrap();
        let points = file.grid.points(1).unwrap();
        let told = |places: &Places| -> Vec<String> {
            points.iter().map(|point| places.of_fault(point, fault)).collect()
        };
        let keys = "a.toml:2: keys, with key_size on line 4: ";
        let order = "a.toml:5: order, with command on line 6: ";
        assert_eq!(told(&file.places), ["", order, keys, keys]);
        // What the command line says is told by its option.
        let mut given = Grid::default();
        given.read(Param::Command, "--command", "mset").unwrap();
        given.read(Param::KeySize, "--key-size", "64,4").unwrap();
        let places = file.places.clone().replaced_by(&given);
        let (keys, order) = ("a.toml:2: keys, with --key-size: ", "a.toml:5: order, with --command: ");
        assert_eq!(told(&places), ["", order, keys, keys]);
        assert_eq!(told(&Places::default()), [""; 4]);
    }
}

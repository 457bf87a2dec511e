//! The grid: what each parameter is set to, and the points that this comes to. Pure.

use std::collections::BTreeMap;

use super::{Param, axis};
use crate::results::{Options, Point, Setting};

/// The most runs of a sweep: points times repeats.
pub const MAX_RUNS: u64 = 100_000;

/// What each parameter is set to, for those that are given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grid(BTreeMap<Param, Vec<Setting>>);

/// Why a grid is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GridError {
    /// One parameter is wrong.
    #[error("{name}: {problem}")]
    Setting {
        /// As it was written: `key_size` or `--key-size`.
        name: String,
        /// What is wrong, and what would do.
        problem: String,
    },
    /// Nothing says how much.
    #[error(
        "how much each run fills is not said: give --data SIZES, in GiB, or --keys NUMBERS, or either in the grid's file"
    )]
    NoAmount,
    /// Two things say how much.
    #[error("both data and keys say how much each run fills: leave one of them out")]
    TwoAmounts,
    /// More than anybody would wait for.
    #[error("the grid comes to more than {MAX_RUNS} runs: sweep fewer settings, or repeat them less often")]
    TooMany,
}

impl Grid {
    /// Reads what a parameter is to be set to; `name` is what it is called where that was written.
    ///
    /// # Errors
    /// [`GridError::Setting`].
    pub fn read(&mut self, param: Param, name: &str, text: &str) -> Result<(), GridError> {
        let wrong = |problem| GridError::Setting { name: name.into(), problem };
        let settings = axis::read(param, text).map_err(wrong)?;
        axis::check(&settings).map_err(wrong)?;
        self.set(param, settings);
        Ok(())
    }

    pub(super) fn set(&mut self, param: Param, settings: Vec<Setting>) {
        self.0.insert(param, settings);
    }

    /// Whether it says what a parameter is set to.
    pub(super) fn sets(&self, param: Param) -> bool {
        self.0.contains_key(&param)
    }

    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With what `other` gives in place of what is here; how much to fill is one thing.
    pub fn replaced_by(mut self, other: Self) -> Self {
        let amounts = [Param::Data, Param::Keys];
        if other.0.keys().any(|param| amounts.contains(param)) {
            self.0.retain(|param, _| !amounts.contains(param));
        }
        self.0.extend(other.0);
        self
    }

    /// All combinations, the last parameter changing fastest; each comes to `repeat` runs.
    ///
    /// # Errors
    /// [`GridError`] if there are none, or too many.
    pub fn points(&self, repeat: u64) -> Result<Vec<Point>, GridError> {
        match (self.0.contains_key(&Param::Data), self.0.contains_key(&Param::Keys)) {
            (false, false) => return Err(GridError::NoAmount),
            (true, true) => return Err(GridError::TwoAmounts),
            _ => {}
        }
        let runs = self.0.values().try_fold(repeat, |runs, settings| runs.checked_mul(settings.len() as u64));
        if runs.is_none_or(|runs| runs > MAX_RUNS) {
            return Err(GridError::TooMany);
        }
        let mut all = vec![BTreeMap::new()];
        for (param, settings) in &self.0 {
            let with = |point: &BTreeMap<String, Setting>, setting: &Setting| {
                let mut point = point.clone();
                point.insert(param.recorded().into(), setting.clone());
                point
            };
            all = all.iter().flat_map(|point| settings.iter().map(move |one| with(point, one))).collect();
        }
        let numbered = (1..).zip(all).map(|(point, settings)| Point { point, settings });
        Ok(numbered.collect())
    }

    /// As a record holds it.
    pub fn recorded(&self) -> BTreeMap<String, Vec<Setting>> {
        self.0.iter().map(|(param, settings)| (param.recorded().into(), settings.clone())).collect()
    }
}

/// What is asked in the runs of a point.
///
/// # Errors
/// [`GridError::Setting`] if a record holds what no grid could have said.
pub fn options(base: &Options, point: &Point) -> Result<Options, GridError> {
    let mut options = base.clone();
    for (name, setting) in &point.settings {
        let param = Param::ALL.into_iter().find(|param| param.recorded() == name);
        let Some(param) = param.filter(|param| param.takes(setting)) else {
            return Err(GridError::Setting { name: name.clone(), problem: format!("cannot be {setting}") });
        };
        param.set(setting, &mut options);
    }
    Ok(options)
}

/// What differs between the grid that a record holds and another, if anything does.
pub fn difference(
    recorded: &BTreeMap<String, Vec<Setting>>,
    given: &BTreeMap<String, Vec<Setting>>,
) -> Option<String> {
    let name = recorded.keys().chain(given.keys()).find(|name| recorded.get(*name) != given.get(*name))?;
    let told = |grid: &BTreeMap<String, Vec<Setting>>| match grid.get(name) {
        None => "nothing".into(),
        Some(settings) => settings.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    Some(format!("{name} is {} there, and {} here", told(recorded), told(given)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn grid(axes: &[(Param, &str)]) -> Grid {
        let mut grid = Grid::default();
        axes.iter().for_each(|(param, text)| grid.read(*param, param.name(), text).unwrap());
        grid
    }

    #[test]
    fn every_combination_is_a_point() {
        let grid = grid(&[(Param::Command, "set,mset"), (Param::Keys, "10"), (Param::KeySize, "64..256*2")]);
        let points = grid.points(3).unwrap();
        let told = |point: &Point| {
            let settings = point.settings.iter().map(|(name, setting)| format!("{name} {setting}"));
            format!("{}: {}", point.point, settings.collect::<Vec<_>>().join(", "))
        };
        assert_eq!(points.len(), 6);
        assert_eq!(told(&points[0]), "1: command set, key_size 64, keys 10");
        assert_eq!(told(&points[1]), "2: command mset, key_size 64, keys 10");
        assert_eq!(told(&points[5]), "6: command mset, key_size 256, keys 10");
    }

    #[test]
    fn a_point_asks_what_it_sets_and_what_all_are_asked() {
        let given = [(Param::Data, "2"), (Param::Writers, "auto,3"), (Param::Reply, "on")];
        let points = grid(&given).points(1).unwrap();
        let base = Options { key_size: 99, writers: Some(7), ..Options::default() };
        let asked = points.iter().map(|point| options(&base, point).unwrap()).collect::<Vec<_>>();
        assert_eq!((asked[0].data_bytes, asked[0].key_size, &*asked[0].reply), (Some(2 << 30), 99, "on"));
        assert_eq!((asked[0].writers, asked[1].writers), (None, Some(3)));
        for (name, setting) in [
            ("keys", Setting::Word("auto".into())),
            ("writers", Setting::Number(0)),
            ("command", Setting::Word("get".into())),
            ("colour", Setting::Number(1)),
        ] {
            let point = Point { point: 1, settings: BTreeMap::from([(name.into(), setting)]) };
            assert!(options(&base, &point).unwrap_err().to_string().starts_with(name));
        }
    }

    #[test]
    fn how_much_is_said_once_and_what_comes_later_wins() {
        assert_eq!(grid(&[(Param::KeySize, "64")]).points(1), Err(GridError::NoAmount));
        let both = grid(&[(Param::Keys, "1"), (Param::Data, "1")]);
        assert_eq!(both.points(1), Err(GridError::TwoAmounts));
        let file = grid(&[(Param::Data, "5"), (Param::KeySize, "64,128")]);
        let replaced = file.replaced_by(grid(&[(Param::Keys, "7")]));
        assert_eq!(replaced, grid(&[(Param::Keys, "7"), (Param::KeySize, "64,128")]));
        assert_eq!(grid(&[(Param::Keys, "1..1000+1")]).points(101), Err(GridError::TooMany));
        let most = [Param::Keys, Param::KeySize, Param::ValueSize, Param::PipelineDepth, Param::Window];
        assert_eq!(grid(&most.map(|param| (param, "1..999+1"))).points(u64::MAX), Err(GridError::TooMany));
    }

    #[test]
    fn a_difference_is_named() {
        let recorded = |axes: &[(Param, &str)]| grid(axes).recorded();
        let there = recorded(&[(Param::Keys, "1,2"), (Param::KeySize, "64")]);
        assert_eq!(difference(&there, &there), None);
        for (here, says) in [
            (recorded(&[(Param::Keys, "1"), (Param::KeySize, "64")]), "keys is 1, 2 there, and 1 here"),
            (recorded(&[(Param::Keys, "1,2")]), "key_size is 64 there, and nothing here"),
        ] {
            assert_eq!(difference(&there, &here).as_deref(), Some(says));
        }
    }

    proptest! {
        #[test]
        fn points_are_the_product_and_all_different(keys in 1_u64..7, sizes in 1_u64..7, depths in 1_u64..7) {
            let upto = |most: u64| format!("1..{most}+1");
            let (keys_text, sizes_text, depths_text) = (upto(keys), upto(sizes), upto(depths));
            let grid = grid(&[
                (Param::Keys, &keys_text), (Param::KeySize, &sizes_text), (Param::PipelineDepth, &depths_text),
            ]);
            let points = grid.points(1).unwrap();
            prop_assert_eq!(points.len() as u64, keys * sizes * depths);
            let different: BTreeSet<_> = points.iter().map(|point| point.settings.clone()).collect();
            prop_assert_eq!(different.len(), points.len());
            prop_assert!(points.iter().zip(1..).all(|(point, number)| point.point == number));
        }
    }
}

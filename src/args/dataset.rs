//! Options that say which keys and values.

use std::sync::Arc;

use clap::Args;

use super::UsageError;
use crate::dataset::{Amount, Request, Spec};
use crate::results::Options;
use crate::units::{GIB, UnitError, parse_bytes, parse_count, parse_size};

/// The dataset, as it was typed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Dataset")]
pub struct DatasetArgs {
    /// How much, keys and values together: GiB, or with a unit like 500MB
    #[arg(short, long, value_name = "SIZE", value_parser = gib, conflicts_with = "keys")]
    data: Option<u64>,
    /// How many keys
    #[arg(long, value_name = "N", value_parser = parse_count)]
    keys: Option<u64>,
    /// Bytes in each key
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, default_value = "512")]
    key_size: u64,
    /// Bytes in each value
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, default_value = "512")]
    value_size: u64,
    /// What every key starts with [default: nothing]
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    key_prefix: String,
    /// Another seed makes other values under the same keys
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl DatasetArgs {
    /// Whether it is said how many keys there are.
    pub fn says_how_much(&self) -> bool {
        self.data.is_some() || self.keys.is_some()
    }

    /// The same with so many keys.
    pub fn of_keys(&self, keys: u64) -> Self {
        Self { data: None, keys: Some(keys), ..self.clone() }
    }

    /// The dataset that these describe.
    ///
    /// # Errors
    /// [`UsageError`] if they describe none.
    pub fn spec(&self) -> Result<Arc<Spec>, UsageError> {
        match (self.data, self.keys) {
            (Some(bytes), _) => self.spec_of(Amount::Bytes(bytes)),
            (None, Some(keys)) => self.spec_of(Amount::Keys(keys)),
            (None, None) => Err(UsageError::new(
                "how much to fill is not said: give --data SIZE, in GiB, or --keys N, or --until-memory 80%; without a \
                 server of your own, try fillbench --spawn --keys 100000; fillbench --help shows everything",
            )),
        }
    }

    /// The dataset that these describe, of which it is found out while it is filled how much it is.
    ///
    /// # Errors
    /// [`UsageError`] if there is none.
    pub fn open_spec(&self) -> Result<Arc<Spec>, UsageError> {
        self.spec_of(Amount::Open)
    }

    fn spec_of(&self, amount: Amount) -> Result<Arc<Spec>, UsageError> {
        let request = Request {
            amount,
            key_size: self.key_size,
            value_size: self.value_size,
            prefix: self.key_prefix.clone(),
            seed: self.seed,
        };
        let spec = Spec::new(&request).map_err(|error| UsageError::new(error.to_string()))?;
        Ok(Arc::new(spec))
    }

    /// The dataset that an earlier run was asked for.
    pub fn as_in(past: &Options) -> Self {
        Self {
            data: past.data_bytes,
            keys: past.keys,
            key_size: past.key_size,
            value_size: past.value_size,
            key_prefix: past.key_prefix.clone(),
            seed: past.seed,
        }
    }

    /// Enters what was asked into a record's options.
    pub fn describe(&self, options: &mut Options) {
        options.data_bytes = self.data;
        options.keys = self.keys;
        options.key_size = self.key_size;
        options.value_size = self.value_size;
        options.key_prefix.clone_from(&self.key_prefix);
        options.seed = self.seed;
    }
}

fn gib(text: &str) -> Result<u64, UnitError> {
    parse_size(text, GIB)
}

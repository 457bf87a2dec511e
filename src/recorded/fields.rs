//! A run's fields by name, whether it is a row of a table or a JSON document. What nobody asks for is
//! passed by, so that files of newer versions can be read.

use std::str::FromStr;

use csv::StringRecord;
use serde_json::Value;

use super::LoadError;

/// One run, as it was written.
pub(super) struct Fields<'a> {
    /// File, and row if it has rows.
    pub(super) place: String,
    pub(super) form: Form<'a>,
}

pub(super) enum Form<'a> {
    Row { header: &'a StringRecord, row: &'a StringRecord },
    Document(&'a Value),
}

/// What a field is, for whoever reads that it is something else.
pub(super) trait Kind: FromStr {
    const NAME: &'static str;
}

impl Kind for u64 {
    const NAME: &'static str = "whole number";
}

impl Kind for f64 {
    const NAME: &'static str = "number";
}

impl Kind for bool {
    const NAME: &'static str = "`true` or `false`";
}

impl Fields<'_> {
    /// The text of a field: its column, and its path in the JSON. Empty if it is not known.
    pub(super) fn text(&self, column: &str, path: &str) -> Result<String, LoadError> {
        let text = match self.form {
            Form::Row { header, row } => {
                let place = header.iter().position(|name| name == column);
                place.and_then(|place| row.get(place)).map(str::to_owned)
            }
            Form::Document(document) => pointed(document, path).map(as_text),
        };
        text.ok_or_else(|| self.missing(column, path))
    }

    /// A field that may be left open.
    pub(super) fn open<T: Kind>(&self, column: &str, path: &str) -> Result<Option<T>, LoadError> {
        let text = self.text(column, path)?;
        if text.is_empty() { Ok(None) } else { self.parse(column, path, text).map(Some) }
    }

    /// The same, of a field that earlier versions did not write: open where it is not there.
    pub(super) fn added<T: Kind>(&self, column: &str, path: &str) -> Result<Option<T>, LoadError> {
        match self.open(column, path) {
            Err(LoadError::Missing { .. }) => Ok(None),
            read => read,
        }
    }

    /// A field that always has a value.
    pub(super) fn known<T: Kind>(&self, column: &str, path: &str) -> Result<T, LoadError> {
        let text = self.text(column, path)?;
        self.parse(column, path, text)
    }

    /// A field of something that is not always there: empty where it is not.
    pub(super) fn optional_text(&self, column: &str, path: &str) -> Result<String, LoadError> {
        match self.form {
            Form::Row { .. } => self.text(column, path),
            Form::Document(document) => Ok(pointed(document, path).map(as_text).unwrap_or_default()),
        }
    }

    /// A list of texts, which a table joins with semicolons.
    pub(super) fn list(&self, column: &str, path: &str) -> Result<Vec<String>, LoadError> {
        let Form::Document(document) = self.form else {
            let text = self.text(column, path)?;
            return Ok(text.split("; ").filter(|part| !part.is_empty()).map(str::to_owned).collect());
        };
        let list = pointed(document, path).and_then(Value::as_array);
        let list = list.ok_or_else(|| self.missing(column, path))?;
        Ok(list.iter().map(as_text).collect())
    }

    /// How many there are of something that a record lists, up to a limit, and counts beyond it.
    pub(super) fn count(&self, column: &str, path: &str, left_out: &str) -> Result<u64, LoadError> {
        let Form::Document(document) = self.form else { return self.known(column, path) };
        let list = pointed(document, path).and_then(Value::as_array);
        let listed = list.ok_or_else(|| self.missing(column, path))?.len() as u64;
        Ok(listed.saturating_add(self.known(column, left_out)?))
    }

    fn missing(&self, column: &str, path: &str) -> LoadError {
        LoadError::Missing { place: self.place.clone(), column: self.named(column, path) }
    }

    /// A sum over the masters, which a table has already; `None` where one of them did not tell.
    pub(super) fn sum(&self, column: &str, name: &str) -> Result<Option<f64>, LoadError> {
        let Form::Document(document) = self.form else { return self.open(column, "") };
        let path = format!("servers.{name}");
        let missing = || LoadError::Missing { place: self.place.clone(), column: format!("field {path}") };
        let servers = document.get("servers").and_then(Value::as_array).ok_or_else(missing)?;
        let parts: Result<Vec<_>, _> = servers.iter().map(|one| one.get(name).ok_or_else(missing)).collect();
        let parts: Option<Vec<_>> = parts?.into_iter().map(Value::as_f64).collect();
        Ok(parts.filter(|parts| !parts.is_empty()).map(|parts| parts.iter().sum()))
    }

    fn parse<T: Kind>(&self, column: &str, path: &str, found: String) -> Result<T, LoadError> {
        found.parse().map_err(|_| LoadError::Malformed {
            place: self.place.clone(),
            column: self.named(column, path),
            found,
            kind: T::NAME,
        })
    }

    fn named(&self, column: &str, path: &str) -> String {
        match self.form {
            Form::Row { .. } => format!("column {column}"),
            Form::Document(_) => format!("field {path}"),
        }
    }
}

fn pointed<'a>(document: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(document, |value, name| value.get(name))
}

fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

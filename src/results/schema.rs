//! Holds the schemas to the records, in both directions: what is written is described, and what is
//! described is written.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Comparison, IncidentKind, LimitedBy, Record, Sweep, Verdict, Verification, example};

/// What a value has against its schema. Only what our schemas use is understood, and a
/// property that is not described is a fault here, though readers are told to expect new ones.
fn faults(root: &Value, schema: &Value, value: &Value, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (keyword, rule) in schema.as_object().unwrap() {
        let fits = match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" => true,
            "$ref" => {
                let place = rule.as_str().unwrap().strip_prefix('#').unwrap();
                found.extend(faults(root, root.pointer(place).unwrap(), value, path));
                true
            }
            "type" => match rule {
                Value::Array(types) => types.iter().any(|one| has_type(value, one)),
                one => has_type(value, one),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.is_null() || value.as_f64() >= rule.as_f64(),
            "anyOf" => rule.as_array().unwrap().iter().any(|one| faults(root, one, value, path).is_empty()),
            "required" => {
                rule.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "properties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    let path = format!("{path}.{name}");
                    match rule.get(name) {
                        Some(rule) => found.extend(faults(root, rule, inner, &path)),
                        None => found.push(format!("{path} is not described")),
                    }
                }
                true
            }
            "items" => {
                value.as_array().unwrap().iter().for_each(|one| found.extend(faults(root, rule, one, path)));
                true
            }
            "additionalProperties" => {
                value
                    .as_object()
                    .unwrap()
                    .values()
                    .for_each(|one| found.extend(faults(root, rule, one, path)));
                true
            }
            other => panic!("{path}: this test does not know the keyword `{other}`"),
        };
        if !fits {
            found.push(format!("{path} is {value}, against {keyword} {rule}"));
        }
    }
    found
}

fn has_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no such type: {other}"),
    }
}

fn schema() -> Value {
    serde_json::from_str(include_str!("run.schema.json")).unwrap()
}

fn verify_schema() -> Value {
    serde_json::from_str(include_str!("verify.schema.json")).unwrap()
}

fn sweep_schema() -> Value {
    serde_json::from_str(include_str!("sweep.schema.json")).unwrap()
}

fn compare_schema() -> Value {
    serde_json::from_str(include_str!("compare.schema.json")).unwrap()
}

fn check_comparison(record: &Comparison) -> Vec<String> {
    let schema = compare_schema();
    faults(&schema, &schema, &serde_json::to_value(record).unwrap(), "record")
}

fn check_verification(record: &Verification) -> Vec<String> {
    let schema = verify_schema();
    faults(&schema, &schema, &serde_json::to_value(record).unwrap(), "record")
}

fn check(record: &Record) -> Vec<String> {
    let schema = schema();
    faults(&schema, &schema, &serde_json::to_value(record).unwrap(), "record")
}

#[test]
fn every_record_fits_its_schema() {
    for record in [example::exact(), example::missing(), example::failed()] {
        assert_eq!(check(&record), Vec::<String>::new());
    }
}

#[test]
fn every_enum_value_is_described() {
    for limited_by in
        [LimitedBy::Server, LimitedBy::Client, LimitedBy::Network, LimitedBy::Rate, LimitedBy::Unknown]
    {
        assert_eq!(check(&Record { limited_by, ..example::exact() }), Vec::<String>::new());
    }
    for verdict in [
        Verdict::Exact,
        Verdict::Missing,
        Verdict::Wrong,
        Verdict::Failed,
        Verdict::Interrupted,
        Verdict::Unfinished,
        Verdict::Discarded,
    ] {
        assert_eq!(check(&Record { verdict, ..example::exact() }), Vec::<String>::new());
    }
    let incidents = IncidentKind::ALL.map(|kind| example::incident(kind, "")).into();
    assert_eq!(check(&Record { incidents, ..example::exact() }), Vec::<String>::new());
}

/// All fields are always written, so a described one that is not required has gone away.
#[test]
fn every_described_field_is_required() {
    for schema in [schema(), verify_schema(), sweep_schema(), compare_schema()] {
        let objects = schema["$defs"].as_object().unwrap().values().chain([&schema]);
        for object in objects.filter(|one| one.get("properties").is_some()) {
            let described: BTreeSet<_> =
                object["properties"].as_object().unwrap().keys().map(String::as_str).collect();
            let required =
                object["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            assert_eq!(described, required);
        }
    }
}

#[test]
fn a_record_of_another_version_does_not_fit() {
    let mut record = example::exact();
    record.schema = "fillbench.run/2".into();
    assert_eq!(check(&record).len(), 1);
}

#[test]
fn a_record_survives_being_written_and_read() {
    for record in [example::exact(), example::missing(), example::failed()] {
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
}

#[test]
fn every_verification_fits_its_schema() {
    for record in [example::verified(), example::faulty(), example::repaired(), example::sampled()] {
        assert_eq!(check_verification(&record), Vec::<String>::new());
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Verification>(&text).unwrap(), record);
    }
    let other = Verification { schema: "fillbench.verify/2".into(), ..example::verified() };
    assert_eq!(check_verification(&other).len(), 1);
}

#[test]
fn every_sweep_fits_its_schema() {
    let schema = sweep_schema();
    let check = |sweep: &Sweep| faults(&schema, &schema, &serde_json::to_value(sweep).unwrap(), "record");
    let sweep = example::sweep();
    assert_eq!(check(&sweep), Vec::<String>::new());
    let text = serde_json::to_string(&sweep).unwrap();
    assert_eq!(Sweep::parse(&text).unwrap(), sweep);
    let other = Sweep { schema: "fillbench.sweep/2".into(), ..sweep };
    assert_eq!(check(&other).len(), 1);
    let error = Sweep::parse(&serde_json::to_string(&other).unwrap()).unwrap_err().to_string();
    assert!(error.contains("`fillbench.sweep/2` by fillbench"), "{error}");
    assert!(Sweep::parse("{}").unwrap_err().to_string().starts_with("holds no record of a sweep"));
}

#[test]
fn every_comparison_fits_its_schema() {
    let live = example::compared_live();
    for record in [example::compared(), example::compared_alone(), example::compared_apart(), live] {
        assert_eq!(check_comparison(&record), Vec::<String>::new());
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Comparison>(&text).unwrap(), record);
    }
    let other = Comparison { schema: "fillbench.compare/2".into(), ..example::compared() };
    assert_eq!(check_comparison(&other).len(), 1);
}

/// Whatever can be asked for is described.
#[test]
fn every_name_of_a_comparison_is_described() {
    let described = compare_schema();
    let names = |pointer: &str| -> Vec<String> {
        serde_json::from_value(described.pointer(pointer).unwrap().clone()).unwrap()
    };
    let point = example::compared().points.remove(0).parameters;
    // A depth has one name, and a field for each of its units.
    let named = point.named().into_iter().map(|(name, _)| name).chain(["pipeline_bytes"]);
    assert_eq!(
        names("/$defs/parameters/required").into_iter().collect::<BTreeSet<_>>(),
        named.map(str::to_owned).collect()
    );
}

//! What answers mean, without a server.

use std::sync::Arc;
use std::time::Duration;

use super::question::{Inquiry, Question, State};
use super::{Depth, Expectation, Fault, Lifetime, Seen};
use crate::dataset::{Amount, Position, Request, Spec, Values};
use crate::resp::{Leaf, Value};

fn expectation(value_size: u64, depth: Depth) -> Expectation {
    let amount = Amount::Keys(16384 * 300);
    let request = Request { amount, key_size: 16, value_size, prefix: String::new(), seed: 1 };
    let spec = Arc::new(Spec::new(&request).unwrap());
    let values = Arc::new(Values::new(&spec));
    Expectation { spec, values, lifetime: Lifetime::Forever, depth, sample: None }
}

fn batch(slots: [(u16, u64); 2]) -> Vec<Position> {
    let of_slot = |(slot, keys)| (0..keys).map(move |ordinal| Position { slot, ordinal });
    slots.into_iter().flat_map(of_slot).collect()
}

fn sent(inquiry: &Inquiry<'_>, questions: &[Question]) -> Vec<String> {
    let (mut key, mut wire) = (Vec::new(), Vec::new());
    let spelt = questions.iter().map(|question| {
        wire.clear();
        inquiry.encode(question, &mut key, &mut wire);
        let text = String::from_utf8(wire.clone()).unwrap();
        text.split("\r\n").filter(|word| !word.starts_with(['*', '$'])).collect::<Vec<_>>().join(" ")
    });
    spelt.map(|text| text.trim_end().to_owned()).collect()
}

#[test]
fn keys_of_one_slot_are_asked_for_together() {
    let expected = expectation(8, Depth::Value);
    let batch = batch([(5, 514), (6, 2)]);
    let inquiry = Inquiry::new(&expected, &batch);
    let asked = sent(&inquiry, &inquiry.together(false)).join(" ");
    let keys = asked.split(' ').filter(|word| *word != "MGET").map(|word| word.as_bytes().to_vec());
    let spec = &expected.spec;
    assert_eq!(keys.collect::<Vec<_>>(), batch.iter().map(|&at| spec.shape().key(at)).collect::<Vec<_>>());
    let words: Vec<usize> =
        sent(&inquiry, &inquiry.together(false)).iter().map(|text| text.split(' ').count()).collect();
    assert_eq!(words, [513, 3, 3]);
    assert_eq!(inquiry.together(true).len(), 3 + 516);
    let expected = expectation(8, Depth::Existence);
    let inquiry = Inquiry::new(&expected, &batch);
    assert!(sent(&inquiry, &inquiry.together(true)).iter().all(|text| text.starts_with("EXISTS {")));
}

#[test]
fn values_are_looked_at_one_by_one_as_they_come() {
    let expected = expectation(8, Depth::Value);
    let batch = batch([(5, 5), (6, 2)]);
    let mut inquiry = Inquiry::new(&expected, &batch);
    let questions = inquiry.together(false);
    let right = expected.values.value(batch[0]);
    let mut taken = 0;
    for item in [Leaf::Bulk(&right), Leaf::Bulk(&right), Leaf::Nil, Leaf::Integer(1)] {
        taken = inquiry.take_item(&questions[0], taken, item);
    }
    assert_eq!(taken, 4);
    inquiry.take_end(&questions[0], taken);
    let taken = inquiry.take_item(&questions[1], 0, Leaf::Error(b"MOVED 6 there"));
    inquiry.take_end(&questions[1], taken);
    let wrong = State::Seen(Seen::Faulty(Fault::Value));
    let unknown = State::Seen(Seen::Unknown);
    // What no item came for is not taken to be there.
    let open = State::Open;
    let states =
        [State::Seen(Seen::Exact), wrong, open.clone(), open.clone(), open, unknown.clone(), unknown];
    assert_eq!(inquiry.states, states);
}

#[test]
fn large_values_are_asked_for_in_parts() {
    let expected = expectation((1 << 20) + 1, Depth::Value);
    let batch = batch([(5, 1), (6, 0)]);
    let inquiry = Inquiry::new(&expected, &batch);
    let key = String::from_utf8(expected.spec.shape().key(batch[0])).unwrap();
    let asked = sent(&inquiry, &inquiry.together(false));
    let parts = [
        format!("STRLEN {key}"),
        format!("GETRANGE {key} 0 1048575"),
        format!("GETRANGE {key} 1048576 1048576"),
    ];
    assert_eq!(asked, parts);
}

#[test]
fn what_is_left_open_is_asked_for_alone() {
    let expected = expectation(8, Depth::Value);
    let batch = batch([(5, 3), (6, 0)]);
    let mut inquiry = Inquiry::new(&expected, &batch);
    let question = &inquiry.together(false)[0];
    let right = Value::Bulk(expected.values.value(batch[0]).into());
    let answer = Value::Array(vec![right, Value::Nil, Value::Bulk(vec![0; 8].into())]);
    inquiry.take(question, &answer, false);
    let wrong = State::Seen(Seen::Faulty(Fault::Value));
    assert_eq!(inquiry.states, [State::Seen(Seen::Exact), State::Open, wrong]);

    let key = String::from_utf8(expected.spec.shape().key(batch[1])).unwrap();
    let questions = inquiry.one_by_one(&[1]);
    let asked = sent(&inquiry, &questions);
    let commands = ["EXISTS", "STRLEN", "GETRANGE", "PTTL"];
    assert!(asked.iter().zip(commands).all(|(text, name)| text.starts_with(&format!("{name} {key}"))));
    let wrong_type = Value::Error("WRONGTYPE Operation against a key".into());
    inquiry.take(&questions[0], &Value::Integer(1), true);
    inquiry.take(&questions[1], &wrong_type, true);
    inquiry.take(&questions[3], &Value::Integer(77), true);
    assert_eq!(inquiry.states[1], State::Seen(Seen::Faulty(Fault::Type)));
}

#[test]
fn a_moving_slot_is_followed_and_other_refusals_are_kept() {
    let expected = expectation(8, Depth::Value);
    let batch = batch([(5, 3), (6, 0)]);
    let error = |text: &str| Value::Error(text.into());
    for moving in ["ASK 5 127.0.0.1:7001", "TRYAGAIN Multiple keys request during rehashing of slot"] {
        let mut inquiry = Inquiry::new(&expected, &batch);
        let question = inquiry.together(false)[0].clone();
        inquiry.take(&question, &error(moving), false);
        assert_eq!(inquiry.open(), [0, 1, 2], "{moving}");
        let questions = inquiry.one_by_one(&[1]);
        inquiry.take(&questions[0], &error("ASK 5 127.0.0.1:7001"), true);
        assert_eq!(inquiry.states[1], State::Elsewhere("127.0.0.1:7001".into()));
    }
    let mut inquiry = Inquiry::new(&expected, &batch);
    let question = inquiry.together(false)[0].clone();
    inquiry.take(&question, &error("MOVED 5 127.0.0.1:7001"), false);
    assert!(inquiry.seen().all(|seen| seen == Seen::Unknown));
    assert_eq!(inquiry.refusal.as_deref(), Some("MOVED 5 127.0.0.1:7001"));
}

#[test]
fn the_time_to_live_is_part_of_what_is_right() {
    let given = Lifetime::given(Some(Duration::from_secs(10)), None, Duration::ZERO);
    let batch = batch([(5, 1), (6, 0)]);
    for (lifetime, left, right) in [
        (Lifetime::Forever, -1, true),
        (Lifetime::Forever, 5_000, false),
        (given, 5_000, true),
        (given, -1, false),
        (given, 10_001, false),
    ] {
        let expected = Expectation { lifetime, ..expectation(8, Depth::Size) };
        let mut inquiry = Inquiry::new(&expected, &batch);
        let questions = inquiry.together(true);
        inquiry.take(&questions[0], &Value::Integer(8), false);
        inquiry.take(&questions[1], &Value::Integer(left), false);
        let seen = if right { Seen::Exact } else { Seen::Faulty(Fault::Lifetime) };
        assert_eq!(inquiry.states, [State::Seen(seen)], "{lifetime:?} with {left} left");
    }
}

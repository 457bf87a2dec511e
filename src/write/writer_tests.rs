//! A writer whose barriers wait for replicas, against a server that answers as it is told.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::dataset::{Amount, Request, Spec, Values};
use crate::write::{BatchOptions, Command, Depth, Order, ReplicaWait, ReplyMode, Walk};

const PIPELINE_KEYS: u64 = 10;
const WAIT: ReplicaWait = ReplicaWait { replicas: 2, timeout: Duration::from_millis(700) };

/// Sends four pipelines of ten keys, two at a time, to a server that answers to each WAIT what `replicas`
/// says, one after another.
async fn written(replicas: &[&str]) -> (Written, Arc<Progress>) {
    let amount = Amount::Keys(4 * PIPELINE_KEYS);
    let request = Request { amount, key_size: 32, value_size: 8, prefix: String::new(), seed: 0 };
    let spec = Arc::new(Spec::new(&request).unwrap());
    let slots: Vec<u16> = (0..16384).collect();
    let walk = Walk::new(spec.clone(), &slots, &[0; 16384], Order::Slot);
    let options = BatchOptions {
        command: Command::Set,
        group: 1,
        depth: Depth::Exactly(PIPELINE_KEYS),
        reply: ReplyMode::Off,
        ttl: None,
        wait: Some(WAIT),
    };
    let batch = Batch::new(walk, &spec, Arc::new(Values::new(&spec)), options);
    let (client, mut server) = tokio::io::duplex(1 << 20);
    let answers: Vec<String> = replicas.iter().map(ToString::to_string).collect();
    let serving = tokio::spawn(async move {
        let (mut seen, mut told) = (Vec::new(), 0);
        while told < answers.len() && server.read_buf(&mut seen).await.unwrap() > 0 {
            while told < answers.len()
                && seen.windows(8).filter(|window| window == b"WAIT\r\n$1").count() > told
            {
                server.write_all(answers[told].as_bytes()).await.unwrap();
                told += 1;
            }
        }
        // It says nothing more, and does not hang up.
        let _ = server.read_to_end(&mut seen).await;
        seen
    });
    let progress = Arc::new(Progress::default());
    let window = Window { pipelines: 2, bytes: 1 << 20 };
    let writer = Writer::new(client, batch, window, None, progress.clone(), Duration::from_millis(300));
    let (_stop, stops) = watch::channel(None);
    let written = writer.run(stops).await;
    let seen = serving.await.unwrap();
    assert!(String::from_utf8_lossy(&seen).contains("*3\r\n$4\r\nWAIT\r\n$1\r\n2\r\n$3\r\n700\r\n"));
    (written, progress)
}

fn counts(written: &Written) -> (u64, u64, u64) {
    (written.executed, written.unacknowledged, written.commands)
}

const TWO: &str = "+OK\r\n+OK\r\n:2\r\n";
const ONE: &str = "+OK\r\n+OK\r\n:1\r\n";

#[tokio::test]
async fn what_enough_replicas_have_counts() {
    let (written, progress) = written(&[TWO, "+OK\r\n+OK\r\n:3\r\n", TWO, TWO]).await;
    assert_eq!((counts(&written), &written.end), ((40, 0, 40), &End::Done));
    assert_eq!(progress.executed_keys(), 40);
}

#[tokio::test]
async fn replicas_that_catch_up_have_what_came_before() {
    let (written, progress) = written(&[ONE, TWO, TWO, TWO]).await;
    assert_eq!((counts(&written), &written.end), ((40, 0, 40), &End::Done));
    assert_eq!(progress.executed_keys(), 40);
}

#[tokio::test]
async fn what_too_few_have_does_not_count_and_nothing_more_is_sent() {
    for (answers, counted) in [(&[ONE, ONE][..], (0, 20, 20)), (&[TWO, TWO, ONE, ONE], (20, 20, 40))] {
        let (written, progress) = written(answers).await;
        assert_eq!(counts(&written), counted);
        assert_eq!(written.end, End::Behind { replicas: 1, wait: WAIT });
        assert!(!written.unanswered);
        assert_eq!(progress.executed_keys(), counted.0);
    }
}

#[tokio::test]
async fn a_master_that_waits_is_not_silent_before_its_time() {
    let (written, _) = written(&[TWO]).await;
    assert_eq!(written.end, End::Silent(Duration::from_secs(1)));
    assert_eq!((counts(&written), written.unanswered), ((10, 0, 10), true));
}

#[tokio::test]
async fn a_number_that_nothing_asked_for_is_no_answer() {
    let (written, _) = written(&["+OK\r\n:2\r\n"]).await;
    assert!(matches!(&written.end, End::Lost(why) if why.contains("unexpected")), "{written:?}");
}

#[tokio::test]
async fn a_wait_that_is_refused_counts_nothing() {
    let unblocked = "+OK\r\n+OK\r\n-UNBLOCKED force unblock from blocking operation\r\n";
    let (written, _) = written(&[TWO, unblocked, unblocked]).await;
    assert!(matches!(&written.end, End::Refused(why) if why.starts_with("UNBLOCKED")), "{written:?}");
    assert_eq!(written.executed, 10);
}

//! How fast a writer's bytes are generated, alone: no socket, one core.
//!
//! `cargo bench --bench batch`

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fillbench::dataset::{Amount, Request, Spec, Values};
use fillbench::write::{Batch, BatchOptions, Command, Depth, Order, ReplyMode, Walk};

/// About as many as a writer gives to its socket at a time.
const CHUNK_BYTES: usize = 65_483;

fn generate(
    criterion: &mut Criterion,
    key_size: u64,
    value_size: u64,
    command: Command,
    group: u64,
    order: Order,
) {
    let keys = 3_000_000;
    let request =
        Request { amount: Amount::Keys(keys), key_size, value_size, prefix: String::new(), seed: 1 };
    let spec = Arc::new(Spec::new(&request).unwrap_or_else(|error| unreachable!("{error}")));
    let values = Arc::new(Values::new(&spec));
    let slots: Arc<[u16]> = (0..16384).collect();
    let options = BatchOptions {
        command,
        group,
        depth: Depth::AtLeast(366),
        reply: ReplyMode::Off,
        ttl: None,
        wait: None,
    };
    let whole = || {
        let walk = Walk::new(spec.clone(), &slots, &[0; 16384], order);
        let mut batch = Batch::new(walk, &spec, values.clone(), options);
        let mut chunk = Vec::with_capacity(2 * CHUNK_BYTES);
        while !batch.is_done() {
            chunk.clear();
            batch.fill(&mut chunk, CHUNK_BYTES, false);
            black_box(&chunk);
        }
    };
    let mut of_size = criterion.benchmark_group(format!("{key_size}/{value_size}"));
    of_size.sample_size(10);
    let name = format!("{command:?} {order:?}").to_lowercase();
    // Once by keys, once by bytes: both are promised.
    of_size.throughput(Throughput::Elements(keys));
    of_size.bench_function(format!("{name}, keys"), |bencher| bencher.iter(whole));
    of_size.throughput(Throughput::Bytes(spec.payload_bytes()));
    of_size.bench_function(format!("{name}, bytes"), |bencher| bencher.iter(whole));
    of_size.finish();
}

fn batch(criterion: &mut Criterion) {
    for (key_size, value_size, group) in [(32, 64, 183), (256, 512, 183)] {
        generate(criterion, key_size, value_size, Command::Mset, group, Order::Slot);
        generate(criterion, key_size, value_size, Command::Set, 1, Order::Slot);
        generate(criterion, key_size, value_size, Command::Set, 1, Order::Stride);
    }
}

criterion_group!(benches, batch);
criterion_main!(benches);

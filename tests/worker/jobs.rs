//! The jobs for Kubernetes and Slurm in `benchmark/kubernetes`: valid by the schemas, and, with a volume, variables and
//! a program of this machine in place of those of a cluster, run as they stand there.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use fillbench::results::Record;
use yaml_rust2::{Yaml, YamlLoader};

use crate::common::{fillbench, key_counts, python, skip};
use crate::fill::data::Data;
use crate::verify::place::{Place, everywhere};
use crate::worker::crew::merge;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benchmark/kubernetes");

/// The documents of one of the files.
fn documents(file: &str) -> Vec<Yaml> {
    YamlLoader::load_from_str(&std::fs::read_to_string(Path::new(FOLDER).join(file)).unwrap()).unwrap()
}

/// The variables that all pods get, from the ConfigMap and the Secret.
fn variables() -> BTreeMap<String, String> {
    let documents = documents("options.yaml");
    let texts = documents.iter().flat_map(|one| [&one["data"], &one["stringData"]]);
    let pairs = texts.filter_map(Yaml::as_hash).flatten();
    pairs.map(|(name, value)| (name.as_str().unwrap().into(), value.as_str().unwrap().into())).collect()
}

/// What the only container of a job is told, with `$(NAME)` filled in as Kubernetes does, and its volume elsewhere.
fn arguments(file: &str, variables: &BTreeMap<String, String>, volume: &Path) -> Vec<String> {
    let job = documents(file).remove(0);
    let container = &job["spec"]["template"]["spec"]["containers"][0];
    let args = container["args"].as_vec().unwrap().iter().map(|arg| arg.as_str().unwrap());
    args.map(|arg| {
        let fill_in =
            |text: String, (name, value): (&String, &String)| text.replace(&format!("$({name})"), value);
        let arg = variables.iter().fold(arg.to_owned(), fill_in);
        assert!(!arg.contains("$("), "{file}: nobody says what {arg} is");
        arg.replace("/results", volume.to_str().unwrap())
    })
    .collect()
}

/// Runs it to its end, and returns the exit code and what it told.
fn run(file: &str, variables: &BTreeMap<String, String>, volume: &Path) -> (i32, String) {
    let output = fillbench(arguments(file, variables, volume)).envs(variables).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Variables for a dataset on servers of this machine.
fn variables_at(place: &Place, data: &Data) -> BTreeMap<String, String> {
    let master = place.masters()[0];
    let mut variables = variables();
    let changes = [
        ("HOST", master.ip().to_string()),
        ("PORT", master.port().to_string()),
        ("DATA", format!("{}B", data.keys * (data.key_size + data.value_size))),
        ("KEY_SIZE", data.key_size.to_string()),
        ("VALUE_SIZE", data.value_size.to_string()),
        ("START_AT", (SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 3).to_string()),
    ];
    for (name, value) in changes {
        assert!(variables.insert(name.into(), value).is_some(), "options.yaml has no {name}");
    }
    variables
}

#[test]
fn the_manifests_are_valid() {
    let Some(python) = python("kubernetes_validate") else {
        return skip("worker::jobs::the_manifests_are_valid", "no Python with kubernetes-validate");
    };
    for file in ["options.yaml", "empty.yaml", "workers.yaml", "merge.yaml"] {
        let mut command = Command::new(&python);
        command.args(["-m", "kubernetes_validate", "--strict", file]).current_dir(FOLDER);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{file}: {output:?}");
    }
}

#[test]
fn all_workers_run_at_once_and_each_is_told_how_many_they_are() {
    let (job, count) = (documents("workers.yaml").remove(0), variables()["WORKERS"].parse::<i64>().unwrap());
    let spec = &job["spec"];
    assert_eq!(spec["completionMode"].as_str(), Some("Indexed"));
    assert_eq!((spec["completions"].as_i64(), spec["parallelism"].as_i64()), (Some(count), Some(count)));
    // What the documentation says to patch is there.
    assert_eq!(variables()["REDISCLI_AUTH"], "");
}

everywhere! {
    fn the_jobs_of_kubernetes_fill_a_cluster(place: &Place) {
        let data = Data::sized(40_000, 40, 100);
        place.fill(&Data { seed: 3, ..data.clone() }, "");
        let volume = tempfile::tempdir().unwrap();
        let volume = volume.path();
        let variables = variables_at(place, &data);
        assert_eq!(run("empty.yaml", &variables, volume).0, 0);
        assert_eq!(key_counts(place.masters()).iter().sum::<u64>(), 1);

        let ended: Vec<_> = std::thread::scope(|scope| {
            let pods = (0..variables["WORKERS"].parse().unwrap()).map(|index: u64| {
                let mut variables = variables.clone();
                variables.insert("JOB_COMPLETION_INDEX".into(), index.to_string());
                scope.spawn(move || run("workers.yaml", &variables, volume))
            });
            let pods: Vec<_> = pods.collect();
            pods.into_iter().map(|pod| pod.join().unwrap()).collect()
        });
        assert!(ended.iter().all(|(code, _)| *code == 0), "{ended:?}");
        let (code, told) = run("merge.yaml", &variables, volume);
        assert_eq!(code, 0, "{told}");
        let record = std::fs::read(volume.join(&variables["RUN"]).join("all/run.json")).unwrap();
        let record: Record = serde_json::from_slice(&record).unwrap();
        assert_eq!((record.account.planned, record.account.proven), (data.keys, data.keys));
        place.verify(&data, "").assert_exact(data.keys);
    }
}

#[test]
fn an_array_of_slurm_fills_a_cluster() {
    let place = Place::embedded(Some(3));
    // The sizes of which the script says nothing.
    let (data, tasks) = (Data::sized(30_000, 512, 512), 3);
    let folder = tempfile::tempdir().unwrap();
    // What the script calls.
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let node = place.masters()[0];
    let program = format!("#!/bin/sh\nexec {} -p {} \"$@\"\n", env!("CARGO_BIN_EXE_fillbench"), node.port());
    std::fs::write(bin.join("fillbench"), program).unwrap();
    std::fs::set_permissions(bin.join("fillbench"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 2;
    let mut running: Vec<_> = (0..tasks)
        .map(|task| {
            let mut command = Command::new("sh");
            command.arg(Path::new(FOLDER).join("slurm.sh")).current_dir(folder.path());
            command.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap()));
            command.env("HOST", node.ip().to_string()).env("START_AT", start.to_string()).env("OUT", "out");
            command.env("DATA", format!("{}B", data.keys * (data.key_size + data.value_size)));
            // A number from which the array begins, as Slurm tells it.
            command.env("SLURM_ARRAY_TASK_ID", (task + 1).to_string());
            command.env("SLURM_ARRAY_TASK_MIN", "1").env("SLURM_ARRAY_TASK_MAX", tasks.to_string());
            command.env("SLURM_ARRAY_TASK_COUNT", tasks.to_string());
            command.spawn().unwrap()
        })
        .collect();
    assert!(running.iter_mut().all(|task| task.wait().unwrap().success()));
    let merged = merge(&[&folder.path().join("out")], "--prove");
    assert_eq!((merged.code, merged.record().account.proven), (0, data.keys), "{merged:?}");
}

//! `docker-cluster/` and the Dockerfile, used as their README says, with a real engine.
//!
//! An engine cannot be asked of every machine: a test that finds none, or not the Compose that it is about, says
//! `skipped` by its name, also where no other test may be skipped. `FILLBENCH_TEST_DOCKER=1` has it fail instead, `0` skips
//! all of them. Servers are those of the other tests, put into images here, since not every machine has a registry; with
//! `FILLBENCH_TEST_SERVER_IMAGE`, an image that is named there is run instead.
//!
//! Whatever is made with the engine has the id of this process in its name, and is taken away when the process
//! ends, however it ends.

mod cluster;
mod engine;
mod files;
mod image;
mod janitor;
mod project;
mod secrets;
mod standalone;

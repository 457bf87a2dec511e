//! Whatever can be wrong with a command line, a server, a user's rights or a disk: it is told in a line
//! with its cause and its cure, ends with the right exit code and in time, and leaves nothing half done.

mod access;
mod case;
mod connect;
mod limits;
mod outputs;
mod prompts;
mod secrets;
mod spawn;
mod topology;
mod usage;

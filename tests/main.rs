//! The program from outside, against real servers and its own. All of it is one test program: it is linked
//! once, and the slow tests of one subject run beside those of the next. A folder is a subject.
#![cfg(test)]

mod common;

mod bad;
mod chart;
mod compare;
mod conformity;
mod connections;
mod docker;
mod documentation;
mod embedded;
mod fill;
mod gate;
mod hlog;
mod judges;
mod limited;
mod memory;
mod packaging;
mod report;
mod resume;
mod slot_tags;
mod spawn;
mod survive;
mod sweep;
mod verify;
mod worker;

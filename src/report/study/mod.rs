//! What comes of studying runs: a page, a text, drawings, and a few lines for a terminal. All of them are
//! made of the same words and drawings (`page.rs`).

mod bars;
mod choices;
mod courses;
mod effects;
mod folder;
mod html;
mod latencies;
mod markdown;
mod page;
mod processors;
mod report;
mod table;
mod terminal;
mod words;

pub use report::{StudyReport, report_study};

//! What packages hold beside the program, and how they are made.

mod version;

//! Connections: where a server is, how to reach it, what it said. This room knows the handshake and
//! no other command; what is asked over a connection is its users' matter.

mod address_map;
mod connection;
mod connector;
mod endpoint;
mod error;
mod handshake;
mod refusal;
mod stream;
mod tls;
mod tls_problem;

pub use address_map::AddressMap;
pub use connection::Connection;
pub use connector::Connector;
pub use endpoint::{Address, Credentials, Secret};
pub use error::{NetError, plain};
pub use refusal::{Refusal, shown};
pub use stream::Stream;
pub use tls::{Tls, TlsOptions};
pub use tls_problem::TlsProblem;

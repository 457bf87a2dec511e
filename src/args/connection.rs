//! Options that say which server, and how to reach it: redis-cli's own names, so that hands know them.
//! Contradictions are found here, before anything is dialled.

use std::io;
use std::path::PathBuf;

use clap::Args;

use super::past::seconds;
use super::uri::{DEFAULT_PORT, Uri, same_database};
use super::{AccessArgs, UsageError};
use crate::net::{Address, AddressMap, Connector, Credentials, Secret, Tls, TlsOptions};
use crate::results::{Options, PastOptions};
use crate::target::Site;

/// The variable that redis-cli takes its password from.
const PASSWORD_VARIABLE: &str = "REDISCLI_AUTH";

/// Which server, as it was typed. The command that takes these must give up its own `-h`
/// (`disable_help_flag`), and print its help where [`ConnectionArgs::wants_help`].
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Server")]
pub struct ConnectionArgs {
    /// Host name or address; -h alone prints this help
    #[arg(short = 'h', long, value_name = "HOST")]
    host: Option<Option<String>>,
    /// Port [default: 6379]
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Unix socket, in place of host and port
    #[arg(short, long, value_name = "PATH", conflicts_with_all = ["host", "port", "tls"])]
    socket: Option<PathBuf>,
    /// redis[s]://, valkey[s]://USER:PASSWORD@HOST:PORT/DB, unix:///PATH
    #[arg(short, long, value_parser = secret, conflicts_with_all = ["host", "port", "socket"])]
    uri: Option<Secret>,
    #[command(flatten)]
    access: AccessArgs,
}

impl ConnectionArgs {
    /// The server that a URI names, if it does, reached in this way.
    pub(super) fn of(uri: Option<Secret>, access: &AccessArgs) -> Self {
        Self { uri, access: access.clone(), ..Self::default() }
    }

    /// Whether `-h` stood alone.
    pub fn wants_help(&self) -> bool {
        self.host == Some(None)
    }

    /// The same without a question for the password: an empty one stands in its place, so that whatever goes with a
    /// password still does.
    pub fn without_asking(self) -> Self {
        let pass = if self.access.askpass { Some(Secret::from("")) } else { self.access.pass };
        Self { access: AccessArgs { askpass: false, pass, ..self.access }, ..self }
    }

    /// Whether a server is named, or who we are there, rather than left to the default.
    pub fn names_a_server(&self) -> bool {
        let place = self.host.is_some() || self.port.is_some() || self.socket.is_some() || self.uri.is_some();
        let access = &self.access;
        place || access.user.is_some() || access.pass.is_some() || access.askpass || access.tls
    }

    /// With what these leave open taken from an earlier run: the server and its database, if no server is
    /// named, and where announced addresses are reached.
    ///
    /// # Errors
    /// [`UsageError`] if these would reach that server in another way than the run did.
    pub fn as_in(&self, past: &PastOptions) -> Result<Self, UsageError> {
        let mut open = self.clone();
        if open.access.address_map.is_empty() {
            open.access.address_map.clone_from(&past.address_map);
        }
        if open.host.is_some() || open.port.is_some() || open.socket.is_some() || open.uri.is_some() {
            return Ok(open);
        }
        if past.address.is_empty() {
            let text = "that run filled servers that it had started itself, and that are gone: name a server, \
                        -h HOST or -u URI";
            return Err(UsageError::new(text));
        }
        if past.tls && !open.access.tls {
            let text =
                "that run spoke TLS: give --tls, and --cacert, --cert or --insecure as it was given them";
            return Err(UsageError::new(text));
        }
        match past.address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?))) {
            Some((host, port)) => {
                (open.host, open.port) = (Some(Some(host.trim_matches(['[', ']']).into())), Some(port));
            }
            None => open.socket = Some(past.address.clone().into()),
        }
        open.access.db = open.access.db.or(Some(past.db));
        Ok(open)
    }

    /// As these, which name no server, at the server and in the way of an earlier run that is gone on with.
    ///
    /// # Errors
    /// [`UsageError`] if its record holds what no command line could have said.
    pub fn resuming(&self, past: &Options) -> Result<Self, UsageError> {
        let mut open = self.clone();
        open.access.tls |= past.tls;
        open.access.connect_timeout = Some(seconds(past.connect_timeout_seconds)?);
        open.as_in(&PastOptions::from(past))
    }

    /// Checks the options together. Reads the files of certificates that are named, asks for a password
    /// if told to, and otherwise takes one from `REDISCLI_AUTH` where none is given.
    ///
    /// # Errors
    /// [`UsageError`] names the options that do not go together, or the file that is of no use.
    pub fn site(&self) -> Result<Site, UsageError> {
        self.check(std::env::var(PASSWORD_VARIABLE).ok(), || ask_password("Password: "))
    }

    /// As [`Self::site`], for one server of several: whoever is asked for a password is told whose.
    pub(super) fn site_of(&self, whose: &str) -> Result<Site, UsageError> {
        self.check(std::env::var(PASSWORD_VARIABLE).ok(), || ask_password(&format!("Password of {whose}: ")))
    }

    /// Enters what was asked into a record's options; never a password.
    pub fn describe(&self, site: &Site, options: &mut Options) {
        options.address = site.address.to_string();
        options.tls = site.connector.tls.is_some();
        options.db = site.connector.database;
        options.connect_timeout_seconds = site.connector.connect_timeout.as_secs_f64();
        options.address_map.clone_from(&self.access.address_map);
    }

    fn check(
        &self,
        from_environment: Option<String>,
        ask: impl FnOnce() -> Result<Secret, UsageError>,
    ) -> Result<Site, UsageError> {
        let uri = self.uri.as_ref().map(|uri| Uri::parse(uri.expose())).transpose()?;
        let uri = uri.as_ref();
        let mut address_map = AddressMap::default();
        for entry in &self.access.address_map {
            address_map.add(entry).map_err(|problem| UsageError::new(format!("--address-map {problem}")))?;
        }
        let database = same_database(self.access.db, uri.and_then(|uri| uri.database))?.unwrap_or_default();
        let address = uri.map_or_else(|| self.address(), |uri| uri.address.clone());
        let tls = self.encryption(self.access.tls || uri.is_some_and(|uri| uri.tls), &address)?;
        let credentials = self.credentials(uri, from_environment, ask)?;
        let defaults = Connector::default();
        let connect_timeout = self.access.connect_timeout.unwrap_or(defaults.connect_timeout);
        let connector = Connector { credentials, tls, database, connect_timeout, ..defaults };
        Ok(Site { address, connector, map: address_map })
    }

    fn address(&self) -> Address {
        match &self.socket {
            Some(path) => Address::Unix(path.clone()),
            None => {
                let host = self.host.as_ref().and_then(Option::as_deref).unwrap_or("127.0.0.1");
                Address::tcp(host, self.port.unwrap_or(DEFAULT_PORT))
            }
        }
    }

    fn encryption(&self, wanted: bool, address: &Address) -> Result<Option<Tls>, UsageError> {
        let options = TlsOptions {
            ca_file: self.access.cacert.clone(),
            ca_dir: self.access.cacertdir.clone(),
            client_cert: self.access.cert.clone(),
            client_key: self.access.key.clone(),
            server_name: self.access.sni.clone(),
            insecure: self.access.insecure,
        };
        if wanted && matches!(address, Address::Unix(_)) {
            return Err(UsageError::new("a Unix socket carries no TLS: leave out --tls"));
        }
        if !wanted && options != TlsOptions::default() {
            let text = "--cacert, --cacertdir, --cert, --key, --sni and --insecure say how to encrypt, and \
                        nothing says to: add --tls, or write rediss:// in the URI";
            return Err(UsageError::new(text));
        }
        Ok(if wanted { Some(Tls::new(options)?) } else { None })
    }

    fn credentials(
        &self,
        uri: Option<&Uri>,
        from_environment: Option<String>,
        ask: impl FnOnce() -> Result<Secret, UsageError>,
    ) -> Result<Option<Credentials>, UsageError> {
        let of_uri = uri.and_then(Uri::credentials);
        let uri_user = of_uri.as_ref().and_then(|credentials| credentials.user.as_deref());
        let user = match (self.access.user.as_deref(), uri_user) {
            (Some(one), Some(other)) if one != other => {
                let text = "--user names one user and the URI another: leave out one of them";
                return Err(UsageError::new(text));
            }
            (one, other) => one.or(other).map(str::to_owned),
        };
        let of_uri = of_uri.map(|credentials| credentials.password);
        if of_uri.is_some() && (self.access.pass.is_some() || self.access.askpass) {
            let text =
                "the URI holds a password already: leave it out there, or leave out --pass and --askpass";
            return Err(UsageError::new(text));
        }
        let given = self.access.pass.clone().or(of_uri);
        let password = match given {
            Some(password) => Some(password),
            None if self.access.askpass => Some(ask()?),
            None => from_environment.filter(|password| !password.is_empty()).map(Secret::from),
        };
        match (user, password) {
            (Some(_), None) => {
                let text = "--user wants a password: give --pass or --askpass, or set REDISCLI_AUTH";
                Err(UsageError::new(text))
            }
            (user, password) => Ok(password.map(|password| Credentials { user, password })),
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "clap's parsers may fail, and this one cannot")]
pub(super) fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::from(text))
}

/// Asks on the terminal itself, whatever stdin and stdout are.
fn ask_password(prompt: &str) -> Result<Secret, UsageError> {
    let config = rpassword::ConfigBuilder::new().password_feedback_mask('*').build();
    match rpassword::prompt_password_with_config(prompt, config) {
        Ok(password) => Ok(Secret::from(password)),
        Err(cause) => {
            let text = match cause.kind() {
                io::ErrorKind::Interrupted => "no password was given: interrupted".into(),
                _ => "--askpass needs a terminal to ask on: set REDISCLI_AUTH where there is none".to_owned(),
            };
            Err(UsageError::new(text))
        }
    }
}

#[cfg(test)]
mod tests;

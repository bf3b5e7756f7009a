//! What a connection that does nothing costs the daemon in memory.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use parlor_protocol::account::{DeviceLogin, NewDevice, device_login_message};
use parlor_protocol::hello::PLAIN_BINDING;
use parlor_protocol::id::Bytes;
use parlor_protocol::name::UserName;
use parlor_protocol::request::Command;
use ring::signature::{Ed25519KeyPair, KeyPair};

use crate::client::Client;
use crate::daemon::Daemon;
use crate::machine;
use crate::people::{AT_ONCE, Passport, gather};
use crate::tls;

/// Connections without TLS, and with.
const PLAIN: usize = 10_000;
const TLS: usize = 2_000;
/// Connections that are opened before those before them count as warm: what the daemon takes once
/// and for all is not theirs.
const WARM_UP: usize = 200;
/// What was just freed is given back, and what is written behind is written.
const REST: Duration = Duration::from_secs(1);

/// Connections of one user with one room, logged in by a device key and subscribed.
pub(crate) fn memory(passport: &Passport) -> Result<()> {
    println!();
    println!("Resident memory of parlord for each connection that is logged in, subscribed, idle");
    let plain_count = machine::connections(PLAIN + WARM_UP + 1)? - WARM_UP - 1;
    let user = User::sign_up(passport)?;
    let address = user.daemon.plain;
    let plain =
        user.kib_each(plain_count, || Ok((Client::connect(address)?, PLAIN_BINDING.to_vec())))?;
    println!("  plain ({plain_count} connections)  {plain:5.2} KiB");

    let user = User::sign_up(passport)?;
    let (address, config) = (user.daemon.tls, tls::config()?);
    let sealed = user.kib_each(TLS, || {
        let (client, binding) = tls::connect(address, &config)?;
        Ok((client, binding.to_vec()))
    })?;
    println!("  TLS ({TLS} connections)     {sealed:5.2} KiB");
    Ok(())
}

/// A user with a device, on a daemon of their own.
struct User {
    daemon: Daemon,
    name: UserName,
    device: Ed25519KeyPair,
}

impl User {
    fn sign_up(passport: &Passport) -> Result<Self> {
        let daemon = Daemon::start(PLAIN + WARM_UP + 1)?;
        let name = UserName::parse("idler")?;
        let seed: [u8; 32] = rand::random();
        let device = Ed25519KeyPair::from_seed_unchecked(&seed).ok().context("make a key")?;
        let offered = NewDevice { name: "bench".to_owned(), public_key: public_key(&device)? };
        let mut first = Client::connect(daemon.plain)?;
        first.welcome()?;
        first.ask(passport.sign_up_as(name.as_str(), Some(offered)))?;
        first.answer().context("sign up")?;
        gather(&mut [first], "a silent room")?;
        Ok(Self { daemon, name, device })
    }

    /// Opens so many connections and says what each cost.
    fn kib_each<S: Read + Write>(
        &self,
        count: usize,
        connect: impl Fn() -> Result<(Client<S>, Vec<u8>)>,
    ) -> Result<f64> {
        let log_in_all = |count: usize| -> Result<Vec<Client<S>>> {
            let mut clients = Vec::with_capacity(count);
            while clients.len() < count {
                let left = count - clients.len();
                self.log_in(&mut clients, left.min(AT_ONCE), &connect)?;
            }
            Ok(clients)
        };
        let _warm = log_in_all(WARM_UP)?;
        thread::sleep(REST);
        let before = self.daemon.resident_kib()?;
        let _idle = log_in_all(count)?;
        thread::sleep(REST);
        let after = self.daemon.resident_kib()?;
        Ok(after.saturating_sub(before) as f64 / count as f64)
    }

    /// Opens some connections in step: each login waits for its audit record to be on disk, and so
    /// they wait together.
    fn log_in<S: Read + Write>(
        &self,
        clients: &mut Vec<Client<S>>,
        count: usize,
        connect: impl Fn() -> Result<(Client<S>, Vec<u8>)>,
    ) -> Result<()> {
        let mut new = (0..count).map(|_| connect()).collect::<Result<Vec<_>>>()?;
        for (client, binding) in &mut new {
            let challenge = client.welcome()?.challenge;
            let message = device_login_message(&self.name, &challenge, binding);
            let signature: [u8; 64] = self.device.sign(&message).as_ref().try_into()?;
            client.ask(Command::DeviceLogin(DeviceLogin {
                name: self.name.to_string(),
                public_key: public_key(&self.device)?,
                signature: Bytes(signature),
            }))?;
        }
        for (client, _) in &mut new {
            client.answer().context("log in")?;
            client.ask(Command::Subscribe)?;
        }
        for (mut client, _) in new {
            client.answer().context("subscribe")?;
            clients.push(client);
        }
        Ok(())
    }
}

fn public_key(device: &Ed25519KeyPair) -> Result<Bytes<32>> {
    Ok(Bytes(device.public_key().as_ref().try_into()?))
}

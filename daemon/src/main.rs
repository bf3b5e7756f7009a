//! `parlord`, the daemon.

mod accounts;
mod audit;
mod config;
mod delivery;
mod hub;
mod logging;
mod rooms;
mod serve;
mod session;
mod store;
mod tls;
mod translate;

fn main() {
    let mut o = config::Overrides::default();
    let a: Vec<String> = std::env::args().collect();
    o.config = Some(a[3].clone().into());
    o.data = Some(a[5].clone().into());
    let c = config::Config::load(&o, &config::Surroundings::here()).unwrap();
    logging::start(None).unwrap();
    if let Err(e) = serve::run(&c) {
        eprintln!("parlord: {e}");
        std::process::exit(1)
    }
}

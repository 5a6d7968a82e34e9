//! What `kwctl run` has besides, so that a command line made for it works here, or says why it does not.

use clap::{CommandFactory as _, error::ErrorKind};

/// Flags that change nothing here, and some that would.
#[derive(clap::Args)]
#[command(next_help_heading = "Accepted for kwctl compatibility")]
pub(crate) struct KwctlArguments {
    /// How the module is run; there is one way only, kubewarden-wapc
    #[arg(short, long, value_name = "MODE", hide_short_help = true)]
    execution_mode: Option<String>,

    /// The compiled module is cached all the same, which changes no answer
    #[arg(long, hide_short_help = true)]
    disable_wasmtime_cache: bool,

    /// There is no cluster here to give access to
    #[arg(long, hide_short_help = true)]
    allow_context_aware: bool,

    /// There are no capabilities here to allow
    #[arg(long, value_name = "PATTERN", num_args = 0.., hide_short_help = true)]
    allowed_host_capabilities: Vec<String>,

    /// Nothing is fetched here
    #[arg(long, value_name = "PATH", hide_short_help = true)]
    sources_path: Option<String>,

    /// Nothing is fetched here
    #[arg(long, value_name = "PATH", hide_short_help = true)]
    docker_config_json_path: Option<String>,

    /// Nothing is verified here
    #[arg(long, value_name = "PATH", hide_short_help = true)]
    sigstore_trust_config: Option<String>,

    #[arg(long, hide = true)]
    raw: bool,
    #[arg(long, value_name = "FILE", hide = true)]
    record_host_capabilities_interactions: Option<String>,
    #[arg(long, value_name = "FILE", hide = true)]
    replay_host_capabilities_interactions: Option<String>,
    #[arg(long, value_name = "PATH", hide = true)]
    verification_config_path: Option<String>,
    #[arg(short = 'k', long, value_name = "PATH", hide = true)]
    verification_key: Vec<String>,
    #[arg(short = 'a', long, value_name = "KEY=VALUE", hide = true)]
    verification_annotation: Vec<String>,
    #[arg(long, value_name = "VALUE", hide = true)]
    cert_email: Option<String>,
    #[arg(long, value_name = "VALUE", hide = true)]
    cert_oidc_issuer: Option<String>,
    #[arg(long, value_name = "VALUE", hide = true)]
    github_owner: Option<String>,
    #[arg(long, value_name = "VALUE", hide = true)]
    github_repo: Option<String>,
}

impl KwctlArguments {
    /// Ends with exit code 2 where a flag would change the answer, and says why it cannot be had here.
    pub(crate) fn check(&self) {
        let Some(why) = self.refused() else { return };
        let mut command = crate::Arguments::command();
        command.build();
        let run = command.find_subcommand_mut("run").map(|run| run.error(ErrorKind::InvalidValue, &why));
        run.unwrap_or_else(|| clap::Error::raw(ErrorKind::InvalidValue, why)).exit()
    }

    fn refused(&self) -> Option<String> {
        if let Some(mode) = self.execution_mode.as_deref()
            && !matches!(mode, "kubewarden-wapc" | "kubewarden")
        {
            return Some(format!("--execution-mode {mode}: only kubewarden-wapc is run here, kwctl runs the others"));
        }
        if self.raw {
            return Some("--raw: the policies that are run here judge admission requests, not any JSON".to_owned());
        }
        let is_replayed = self.record_host_capabilities_interactions.is_some()
            || self.replay_host_capabilities_interactions.is_some();
        if is_replayed {
            let why = "a policy has no host capabilities here, so there is nothing to record or to replay";
            return Some(why.to_owned());
        }
        let is_verified = !self.verification_key.is_empty()
            || !self.verification_annotation.is_empty()
            || [
                &self.verification_config_path,
                &self.cert_email,
                &self.cert_oidc_issuer,
                &self.github_owner,
                &self.github_repo,
            ]
            .into_iter()
            .any(Option::is_some);
        let why = "signatures are in a registry, and a file cannot be verified: use `kwctl verify` before";
        is_verified.then(|| why.to_owned())
    }
}

//! A provider small enough to see every rule: what happens to a thing depends on its name.

use crate::framework::context::Context;
use crate::framework::model::Field;
use crate::framework::resource::{Change, Desired, ImportTarget};
use crate::framework::schema::{Attribute, Schema};

use super::*;

crate::model! {
    pub(crate) struct Config { token: String }
}

crate::model! {
    pub(crate) struct Thing {
        pub(crate) name: String,
        pub(crate) id: String,
        pub(crate) note: String,
        pub(crate) hint: String,
    }
}

#[derive(Debug)]
pub(crate) struct Toy;

impl Provider for Toy {
    type Config = Config;
    type Data = ();

    fn address(&self) -> &'static str {
        "registry.terraform.io/test/toy"
    }

    fn schema(&self) -> Schema {
        Schema {
            attributes: vec![Attribute::string("token").optional()],
            ..Schema::default()
        }
    }

    fn offers(&self) -> Offers<()> {
        Offers::new().resource(ToyThing).resource(boxes::ToyBox)
    }

    async fn configure(
        &self,
        config: Config,
        _version: &str,
    ) -> Result<((), Diagnostics), Diagnostics> {
        match config.token.text() {
            Some("bad") => Err(Diagnostic::error("Bad Token", "It is bad.").into()),
            Some("old") => Ok(((), Diagnostic::warning("Old Token", "It is old.").into())),
            _ => Ok(((), Diagnostics::default())),
        }
    }
}

pub(crate) struct ToyThing;

impl Resource for ToyThing {
    type Provider = ();
    type Model = Thing;

    fn type_name(&self) -> &'static str {
        "toy_thing"
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 2,
            identity_version: 1,
            attributes: vec![
                Attribute::string("name")
                    .required()
                    .requires_replace()
                    .identifies(""),
                Attribute::string("id").computed().use_state_for_unknown(),
                Attribute::string("note").optional().default("none"),
                Attribute::string("hint").optional().write_only(),
            ],
            ..Schema::default()
        }
    }

    async fn plan(
        &self,
        context: Context<'_, (), Thing>,
        change: &mut Change<'_, Thing>,
    ) -> Result<(), Diagnostics> {
        if change.plan.note.text() == Some("forbidden") {
            let note = Path::root().attribute("note");
            return Err(Diagnostic::error("Forbidden", "No.").at(note).into());
        }
        count(context, "planned");
        if let Some(counted) = change.replaced.as_ref().and_then(|old| old.get::<i64>("p")) {
            context.private().set("replaces", counted);
        }
        Ok(())
    }

    fn plan_destroy(&self, _context: Context<'_, (), Thing>, _state: &Thing) -> Diagnostics {
        Diagnostic::warning("Going", "Gone soon.").into()
    }

    async fn create(
        &self,
        context: Context<'_, (), Thing>,
        Desired { config, plan }: Desired<Thing>,
    ) -> Result<Thing, Diagnostics> {
        count(context, "created");
        if let Some(hint) = config.hint.text() {
            context.warn(Diagnostic::warning("Hinted", hint));
        }
        let made = Thing {
            id: "1".into(),
            ..plan
        };
        match made.name.clone().text() {
            Some("fails") => Err(Diagnostic::error("Failed", "Early.").into()),
            Some("fails late") => {
                context.save(&Thing {
                    note: Field::Unknown,
                    ..made
                });
                Err(Diagnostic::error("Failed", "Late.").into())
            }
            Some("panics late") => {
                context.save(&made);
                panic!("on purpose")
            }
            Some("forgets") => Ok(Thing {
                id: Field::Unknown,
                ..made
            }),
            Some("warns at length") => {
                let steering = "\u{1b}]0;title\u{7}\n  \u{9b}31m\u{202e}";
                let detail = format!("{steering}{}", "n".repeat(50 << 20));
                context.warn(Diagnostic::warning("Long", detail));
                Ok(made)
            }
            Some("warns without end") => {
                warn_without_end(context);
                Ok(made)
            }
            Some("fails without end") => {
                context.save(&made);
                warn_without_end(context);
                Err(Diagnostic::error("Failed", "Late.").into())
            }
            Some("waits") => {
                context.save(&made);
                context.stop().cancelled().await;
                Err(Diagnostic::error("Stopped", "While waiting.").into())
            }
            _ => Ok(made),
        }
    }

    async fn read(
        &self,
        context: Context<'_, (), Thing>,
        state: Thing,
    ) -> Result<Option<Thing>, Diagnostics> {
        count(context, "read");
        match state.name.text() {
            Some("warns without end") => {
                warn_without_end(context);
                Ok(Some(state))
            }
            Some("gone") => Ok(None),
            Some("renamed") => Ok(Some(Thing {
                name: "other".into(),
                ..state
            })),
            Some("panics") => panic!("on purpose"),
            _ => Ok(Some(state)),
        }
    }

    async fn update(
        &self,
        context: Context<'_, (), Thing>,
        _prior: Thing,
        Desired { config, plan }: Desired<Thing>,
    ) -> Result<Thing, Diagnostics> {
        count(context, "updated");
        if let Some(hint) = config.hint.text() {
            context.warn(Diagnostic::warning("Hinted", hint));
        }
        Ok(plan)
    }

    async fn delete(
        &self,
        context: Context<'_, (), Thing>,
        state: Thing,
    ) -> Result<(), Diagnostics> {
        count(context, "deleted");
        context.warn(Diagnostic::warning("Deleted", "It was."));
        match state.name.text() {
            Some("stays") => Err(Diagnostic::error("Failed", "It stays.").into()),
            _ => Ok(()),
        }
    }

    async fn import(
        &self,
        context: Context<'_, (), Thing>,
        target: ImportTarget<Thing>,
    ) -> Result<Thing, Diagnostics> {
        count(context, "imported");
        let name = match target {
            ImportTarget::Id(id) => id.into(),
            ImportTarget::Identity(identity) => identity.name,
        };
        Ok(Thing {
            name,
            id: Field::Unknown,
            ..Thing::default()
        })
    }
}

/// Adds warnings of 50 MB together, each of a size that is nothing special.
fn warn_without_end(context: Context<'_, (), Thing>) {
    for _ in 0..5_000 {
        context.warn(Diagnostic::warning("Again", "n".repeat(10_000)));
    }
}

/// Remembers in private state how often something was done to the thing.
fn count(context: Context<'_, (), Thing>, what: &str) {
    let times: u64 = context.private().get(what).unwrap_or_default();
    context.private().set(what, times + 1);
}

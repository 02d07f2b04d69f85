//! A provider that offers one of each kind. What becomes of a call depends on its `mode`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use terraform_plugin::framework::action::{Action, Progress};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::data_source::DataSource;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::function::{Function, FunctionError, Signature};
use terraform_plugin::framework::list_resource::{ListResource, Listing};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::provider::{Offers, Provider};
use terraform_plugin::framework::resource::{Desired, ImportTarget, Resource};
use terraform_plugin::framework::schema::{Attribute, Schema};
use terraform_plugin::model;

/// What a test wants to know of the provider.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// An operation waits for something.
    pub(crate) waits: Arc<Notify>,
    /// Lets an operation go on that waits for the test.
    pub(crate) go_on: Arc<Notify>,
    /// An operation has ended by itself.
    pub(crate) ended: Arc<Notify>,
    /// A list was told that no more objects are wanted.
    pub(crate) enough: Arc<AtomicBool>,
}

#[derive(Debug)]
pub(crate) struct Toy {
    pub(crate) seen: Seen,
}

#[derive(Debug)]
pub(crate) struct Data {
    greeting: Option<String>,
    seen: Seen,
}

model! {
    pub(crate) struct Config { greeting: String }
}

impl Provider for Toy {
    type Config = Config;
    type Data = Data;

    fn address(&self) -> &'static str {
        "registry.terraform.io/test/toy"
    }

    fn schema(&self) -> Schema {
        schema(vec![Attribute::string("greeting").optional()])
    }

    fn offers(&self) -> Offers<Data> {
        Offers::new()
            .resource(Thing)
            .data_source(Things)
            .action(Ring)
            .list(ThingList)
            .function(Join)
            .function(Shout)
    }

    async fn configure(
        &self,
        config: Config,
        _version: &str,
    ) -> Result<(Data, Diagnostics), Diagnostics> {
        let data = Data {
            greeting: config.greeting.text().map(str::to_owned),
            seen: self.seen.clone(),
        };
        Ok((data, Diagnostics::default()))
    }
}

pub(crate) fn schema(attributes: Vec<Attribute>) -> Schema {
    Schema {
        attributes,
        ..Schema::default()
    }
}

/// What an operation does by its mode, besides its work.
async fn behave(mode: &Field<String>, context: Context<'_, Data>) -> Result<(), Diagnostics> {
    let seen = &context.provider().seen;
    match mode.text() {
        Some("fails") => {
            context.warn(Diagnostic::warning("Careful", "It will fail."));
            Err(Diagnostic::error("Failed", "On purpose.").into())
        }
        Some("panics") => panic!("on purpose"),
        Some("waits") => {
            seen.waits.notify_one();
            context.stop().cancelled().await;
            Err(Diagnostic::error("Stopped", "While waiting.").into())
        }
        Some("waits for the test") => {
            seen.waits.notify_one();
            seen.go_on.notified().await;
            seen.ended.notify_one();
            Ok(())
        }
        Some("warns once") => {
            context.warn_once(Diagnostic::warning("Once", "In a process."));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The number that a text is; 0 if it is none.
fn count(text: &Field<String>) -> u64 {
    let number = text.text().and_then(|text| text.parse().ok());
    number.unwrap_or_default()
}

model! {
    pub(crate) struct ThingModel { name: String, id: String, secret: String }
}

pub(crate) struct Thing;

impl Resource for Thing {
    type Provider = Data;
    type Model = ThingModel;

    fn type_name(&self) -> &'static str {
        "toy_thing"
    }

    fn schema(&self) -> Schema {
        schema(vec![
            Attribute::string("name").required().identifies(""),
            Attribute::string("id").computed(),
            Attribute::string("secret").optional().write_only(),
        ])
    }

    async fn create(
        &self,
        _: Context<'_, Data, ThingModel>,
        desired: Desired<ThingModel>,
    ) -> Result<ThingModel, Diagnostics> {
        Ok(desired.plan)
    }

    async fn read(
        &self,
        _: Context<'_, Data, ThingModel>,
        state: ThingModel,
    ) -> Result<Option<ThingModel>, Diagnostics> {
        Ok(Some(state))
    }

    async fn update(
        &self,
        _: Context<'_, Data, ThingModel>,
        _: ThingModel,
        desired: Desired<ThingModel>,
    ) -> Result<ThingModel, Diagnostics> {
        Ok(desired.plan)
    }

    async fn delete(
        &self,
        _: Context<'_, Data, ThingModel>,
        _: ThingModel,
    ) -> Result<(), Diagnostics> {
        Ok(())
    }

    async fn import(
        &self,
        _: Context<'_, Data, ThingModel>,
        _: ImportTarget<ThingModel>,
    ) -> Result<ThingModel, Diagnostics> {
        Ok(ThingModel::default())
    }
}

model! {
    pub(crate) struct ThingsModel { mode: String, greeting: String, things: Vec<Field<Row>> }
}

model! {
    pub(crate) struct Row { name: String, sealed: bool }
}

pub(crate) struct Things;

impl DataSource for Things {
    type Provider = Data;
    type Model = ThingsModel;

    fn type_name(&self) -> &'static str {
        "toy_things"
    }

    fn schema(&self) -> Schema {
        let row = vec![
            Attribute::string("name").computed(),
            Attribute::bool("sealed").computed(),
        ];
        schema(vec![
            Attribute::string("mode").required().describe("The mode."),
            Attribute::string("greeting").computed(),
            Attribute::objects("things", row),
        ])
    }

    fn validate(&self, config: &ThingsModel) -> Diagnostics {
        match config.mode.text() {
            Some("invalid") => Diagnostic::error("Invalid", "On purpose.").into(),
            _ => Diagnostics::default(),
        }
    }

    async fn read(
        &self,
        context: Context<'_, Data>,
        config: ThingsModel,
    ) -> Result<ThingsModel, Diagnostics> {
        behave(&config.mode, context).await?;
        let row = |name: &str, sealed: bool| {
            Field::Known(Row {
                name: name.into(),
                sealed: sealed.into(),
            })
        };
        let things = vec![row("a", true), row("b", false)];
        Ok(ThingsModel {
            greeting: match config.mode.text() {
                Some("forgets") => Field::Unknown,
                _ => context.provider().greeting.clone().into(),
            },
            things: things.into(),
            mode: config.mode,
        })
    }
}

model! {
    pub(crate) struct RingConfig { mode: String, times: String }
}

pub(crate) struct Ring;

impl Action for Ring {
    type Provider = Data;
    type Config = RingConfig;

    fn type_name(&self) -> &'static str {
        "toy_ring"
    }

    fn schema(&self) -> Schema {
        schema(vec![
            Attribute::string("mode").optional(),
            Attribute::string("times").required().describe("How often."),
        ])
    }

    async fn invoke(
        &self,
        context: Context<'_, Data>,
        config: RingConfig,
        progress: Progress<'_>,
    ) -> Result<(), Diagnostics> {
        for time in 1..=count(&config.times) {
            progress.show(format!("ring {time}")).await;
        }
        behave(&config.mode, context).await
    }
}

model! {
    pub(crate) struct ThingListConfig { mode: String, many: String }
}

pub(crate) struct ThingList;

impl ListResource for ThingList {
    type Resource = Thing;
    type Config = ThingListConfig;

    fn type_name(&self) -> &'static str {
        "toy_thing"
    }

    fn schema(&self) -> Schema {
        schema(vec![
            Attribute::string("mode").optional(),
            Attribute::string("many").required().describe("How many."),
        ])
    }

    async fn list(
        &self,
        context: Context<'_, Data>,
        config: ThingListConfig,
        mut found: Listing<'_, Thing>,
    ) -> Result<(), Diagnostics> {
        let seen = &context.provider().seen;
        for number in 0..count(&config.many) {
            let thing = ThingModel {
                name: match config.mode.text() {
                    Some("forgets") => Field::Null,
                    _ => Field::Known(format!("thing {number}")),
                },
                id: Field::Unknown,
                secret: "s3cr3t".into(),
            };
            if !found.report(format!("Thing {number}"), thing).await? {
                seen.enough.store(true, Ordering::SeqCst);
                seen.ended.notify_one();
                return Ok(());
            }
        }
        behave(&config.mode, context).await
    }
}

model! {
    pub(crate) struct Joined { joined: String, length: String }
}

pub(crate) struct Join;

impl Function<2> for Join {
    type Output = Joined;

    fn name(&self) -> &'static str {
        "join"
    }

    fn signature(&self) -> Signature<2> {
        Signature {
            summary: "Joins two texts",
            description: "Joins two texts with a hyphen.",
            parameters: [("first", "The first."), ("second", "The second.")],
        }
    }

    fn call(&self, [first, second]: [String; 2]) -> Result<Joined, FunctionError> {
        if second.is_empty() {
            return Err(FunctionError::of_argument(
                1,
                "Expected a text, such as \"b\".",
            ));
        }
        let joined = format!("{first}-{second}");
        Ok(Joined {
            length: joined.len().to_string().into(),
            joined: joined.into(),
        })
    }
}

pub(crate) struct Shout;

impl Function<1> for Shout {
    type Output = String;

    fn name(&self) -> &'static str {
        "shout"
    }

    fn signature(&self) -> Signature<1> {
        Signature {
            summary: "Shouts a text",
            description: "Shouts a text.",
            parameters: [("text", "The text.")],
        }
    }

    fn call(&self, [text]: [String; 1]) -> Result<String, FunctionError> {
        match text.as_str() {
            "s3cr3t" => panic!("{text}"),
            "\u{1b}[2J" => Err(FunctionError::new(text)),
            _ => Ok(text.to_uppercase()),
        }
    }
}

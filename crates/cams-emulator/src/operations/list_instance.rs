//! `ListInstance`: the spaces that the account owns, in pages.

use serde_json::{Value, json};

use super::operation::{Answer, EmulatedOperation, cams};
use crate::behaviour::NameMatch;
use crate::call::{ServiceState, Visit};
use crate::reply::fields;

pub(crate) const OPERATION: EmulatedOperation = cams("ListInstance", ESSENTIAL, run);

/// The fields of an answer that a client needs.
const ESSENTIAL: &[&str] = &["Data", "CustSpaceId", "InstanceName", "ChannelType"];

/// How many rows a page has if the request does not say, and how many it may have.
const PAGE_SIZE: usize = 10;
const MAX_PAGE_SIZE: usize = 100;

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let request = call.request;
    let behaviour = &state.numbers.behaviour;
    let natural = |name: &str, default| match request.parameter(name).map(str::parse) {
        None => Ok(default),
        Some(Ok(number @ 1..)) => Ok(number),
        _ => {
            let message = format!("{name} is not a number from 1.");
            Err(behaviour.refusal("InvalidParameter.PageInvalid", &message))
        }
    };
    let index: usize = natural("PageIndex", 1)?;
    let size = natural("PageSize", PAGE_SIZE)?.min(MAX_PAGE_SIZE);
    let name = request.parameter("InstanceName").unwrap_or_default();
    let channel = request.parameter("ChannelType");
    let mut spaces: Vec<_> = state.spaces.values().filter(|space| space.owned).collect();
    spaces.sort_by_key(|space| &space.cust_space_id);
    spaces.retain(|space| match behaviour.instance_name_match {
        NameMatch::Contains => space.instance_name.contains(name),
        NameMatch::Exact => name.is_empty() || space.instance_name == name,
    });
    spaces.retain(|space| channel.is_none_or(|channel| space.channel_type == channel));
    let first = (index - 1).saturating_mul(size);
    let page = spaces.iter().skip(first).take(size);
    let rows = page.map(|space| {
        json!({
            "ChannelType": space.channel_type,
            "ContactMail": "owner@example.com",
            "CountryId": "SG",
            "CustSpaceId": space.cust_space_id,
            "FacebookBmId": state.generated.digits(&["business", &space.cust_space_id]),
            "InstanceDescription": null,
            "InstanceId": space.cust_space_id,
            "InstanceName": space.instance_name,
            "IsvTerms": null,
            "OfficeAddress": null,
            "ResourceGroupId": "rg-emulator",
            "ResourceRegionId": "ap-southeast-1",
            "State": "published",
            "SubmitTime": "2026-01-01 00:00:00",
        })
    });
    let answer = json!({
        "Data": rows.collect::<Value>(),
        "TotalCount": spaces.len(),
        "Success": true,
    });
    Ok(fields(answer))
}

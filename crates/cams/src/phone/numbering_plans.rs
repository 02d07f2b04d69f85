//! Facts about the numbering plans of the world, as data.
//!
//! The calling codes are those that ITU-T assigns by recommendation E.164; the rest is what the
//! national plans say that ITU-T publishes. Plans change: only the calling codes decide what is
//! refused, everything else is the ground of a warning. Last compared with the metadata of
//! libphonenumber 9.0.33: every code stands there too but 379, which is assigned and not in use,
//! every country that drops its 0 does so there, and no length differs but that of South Africa,
//! where libphonenumber also knows short numbers for special uses.

use super::forms::{has_ninth_digit, is_mobile_of_eight};

/// Calling codes of countries and shared numbering plans. No code is the beginning of another one,
/// so a whole number has exactly one. The codes of global services (800, 808, 870, 878, 881 to 883,
/// 888 and 979) are left out: no WhatsApp number belongs to one, and a typing error would.
pub(crate) const CALLING_CODES: &[&str] = &[
    "1", "20", "211", "212", "213", "216", "218", "220", "221", "222", "223", "224", "225", "226",
    "227", "228", "229", "230", "231", "232", "233", "234", "235", "236", "237", "238", "239",
    "240", "241", "242", "243", "244", "245", "246", "247", "248", "249", "250", "251", "252",
    "253", "254", "255", "256", "257", "258", "260", "261", "262", "263", "264", "265", "266",
    "267", "268", "269", "27", "290", "291", "297", "298", "299", "30", "31", "32", "33", "34",
    "350", "351", "352", "353", "354", "355", "356", "357", "358", "359", "36", "370", "371",
    "372", "373", "374", "375", "376", "377", "378", "379", "380", "381", "382", "383", "385",
    "386", "387", "389", "39", "40", "41", "420", "421", "423", "43", "44", "45", "46", "47", "48",
    "49", "500", "501", "502", "503", "504", "505", "506", "507", "508", "509", "51", "52", "53",
    "54", "55", "56", "57", "58", "590", "591", "592", "593", "594", "595", "596", "597", "598",
    "599", "60", "61", "62", "63", "64", "65", "66", "670", "672", "673", "674", "675", "676",
    "677", "678", "679", "680", "681", "682", "683", "685", "686", "687", "688", "689", "690",
    "691", "692", "7", "81", "82", "84", "850", "852", "853", "855", "856", "86", "880", "886",
    "90", "91", "92", "93", "94", "95", "960", "961", "962", "963", "964", "965", "966", "967",
    "968", "970", "971", "972", "973", "974", "975", "976", "977", "98", "992", "993", "994",
    "995", "996", "998",
];

/// Codes of countries where a 0 is dialled before the number at home and left out abroad, so that
/// no number after the code begins with 0. Countries that keep it, such as Italy, Côte d'Ivoire or
/// the Congo, are not here, nor is any in doubt.
pub(crate) const DROPS_ZERO: &[&str] = &[
    "20", "212", "213", "218", "233", "234", "243", "249", "251", "254", "255", "256", "260",
    "262", "263", "264", "27", "31", "32", "33", "353", "355", "358", "359", "373", "380", "381",
    "382", "383", "385", "386", "387", "389", "40", "41", "421", "43", "44", "46", "49", "55",
    "58", "590", "593", "594", "595", "596", "598", "60", "61", "62", "63", "64", "66", "81", "82",
    "84", "855", "856", "86", "880", "886", "90", "91", "92", "93", "94", "95", "961", "962",
    "963", "964", "966", "967", "970", "971", "972", "977", "98", "994", "995", "996",
];

/// How many digits a mobile number has after which codes, where all have the same.
pub(crate) const MOBILE_DIGITS: &[(usize, &[&str])] = &[
    (8, &["65", "852"]),
    (9, &["27", "33", "34", "48", "61", "966", "971"]),
    (
        10,
        &["20", "225", "229", "44", "57", "7", "81", "90", "91", "92"],
    ),
    (11, &["86"]),
];

/// How many digits a mobile number has after the code. `None` where not all have the same.
pub(crate) fn mobile_digits(code: &str) -> Option<usize> {
    let mut lengths = MOBILE_DIGITS.iter();
    let (digits, _) = lengths.find(|(_, codes)| codes.contains(&code))?;
    Some(*digits)
}

/// With which digits fixed lines begin and no mobile number, personal number or pager does, and the
/// codes of the countries whose plans are so. Beginnings that are shared are left out. Taken from
/// the metadata of libphonenumber 9.0.33, in which the patterns of the latter match no number with
/// one of these beginnings. The plans of shared codes such as 1 and of countries such as Mexico do
/// not tell the two apart.
pub(crate) const FIXED_LINES: &[(&str, &str)] = &[
    ("0", "39"),
    ("1", "375 966 973"),
    ("1 2", "44"),
    ("1 2 3", "381"),
    ("1 2 3 4", "213 43 963"),
    ("1 2 3 4 5", "251 33 385"),
    ("1 2 3 4 5 6", "964 967"),
    ("1 2 3 4 5 6 7 8", "977 98"),
    ("1 2 3 4 5 6 8", "46"),
    ("1 2 3 4 5 6 8 9", "94"),
    ("1 2 3 4 5 7", "31"),
    ("1 2 3 5 6 8 9", "32"),
    ("1 2 4 5 6 9", "353"),
    ("1 22 3 61 71 9", "48"),
    ("1 3 4 5", "81"),
    ("1 4 5 6 7", "51"),
    ("1 4 5 6 9", "961"),
    ("1 4 8 9", "36"),
    ("10 2 3 4 5 6 7 8 9", "86"),
    ("11 2 3 4 5", "91"),
    ("2", "225 234 255 260 30 351 58 84 880 965 968"),
    ("2 3", "40 852"),
    ("2 3 4", "90"),
    ("2 3 4 5", "218 420 421"),
    ("2 3 4 5 6 7", "63"),
    ("2 3 4 5 6 7 9", "62"),
    ("2 3 4 5 6 8 9", "20 49"),
    ("2 3 4 5 7", "66"),
    ("2 3 4 5 9", "41"),
    ("2 3 4 6", "82"),
    ("2 3 4 6 7 9", "971"),
    ("2 3 4 8 9", "972"),
    ("2 3 5 6", "962"),
    ("2 3 5 6 7", "359 47"),
    ("2 3 5 6 7 8", "886"),
    ("2 3 7 8", "61"),
    ("2 4 5 6", "254"),
    ("2 4 5 6 7 8 9", "92"),
    ("3", "221 233"),
    ("3 4", "7 995"),
    ("3 4 5 6 7 8 9", "60"),
    ("3 4 6 9", "64"),
    ("4", "380 974"),
    ("5", "212"),
    ("6", "57 65"),
    ("7", "216"),
    ("8 91 92 93 94 95 98", "34"),
];

/// Whether the number after the code is a fixed line for certain.
pub(crate) fn is_fixed_line(code: &str, number: &str) -> bool {
    if code == "55" {
        // Eight digits after the area code, of which a mobile number has nine that begin with 9.
        let rest = number.split_at_checked(2).map(|(_, rest)| rest);
        return rest.is_some_and(|rest| rest.len() == 8 && rest.starts_with(['2', '3', '4', '5']));
    }
    FIXED_LINES.iter().any(|(beginnings, codes)| {
        let mut beginnings = beginnings.split(' ');
        codes.split(' ').any(|other| other == code)
            && beginnings.any(|beginning| number.starts_with(beginning))
    })
}

/// What to say of a number whose length the plan of its country has left behind: how long numbers
/// are now, since when, by whose decision, and what to do.
///
/// Sources: ARTCI, national numbering plan of 2021; ARCEP Bénin, migration of 2024; IFT, end of the
/// prefixes 044, 045 and 1; Anatel, resolution 553/2010, carried out area by area; ENACOM,
/// fundamental numbering plan. The metadata of libphonenumber agrees.
pub(crate) fn outdated_length(code: &str, number: &str) -> Option<String> {
    let digits = number.len();
    let has = format!("has {digits} digits");
    let ten = |since: &str| {
        format!(
            "{has}, but numbers with the calling code {code} have had 10 digits since {since}, and \
             many begin with 0. Write the number as it is dialled today and put it in quotes: HCL, \
             YAML and spreadsheets drop the leading 0 of an unquoted number"
        )
    };
    match code {
        "225" if digits < 10 => Some(ten("31 January 2021 (plan of the regulator ARTCI)")),
        "229" if digits < 10 => Some(ten("30 November 2024 (plan of the regulator ARCEP)")),
        "52" if digits == 11 && number.starts_with('1') => Some(format!(
            "{has}: the 1 before the 10 digits of a Mexican number has not been dialled since 3 \
             August 2019 (plan of the regulator IFT). WhatsApp may still write it, and the provider \
             takes both forms for one number"
        )),
        "52" if digits != 10 => Some(format!("{has}, and Mexican numbers have 10")),
        "54" if digits == 12 && (2..5).any(|at| has_15(number, at)) => Some(format!(
            "{has}: 15 is dialled before a mobile number only within Argentina, and the number \
             after the calling code 54 is written without it (plan of the regulator ENACOM)"
        )),
        "54" if digits != 10 && !(digits == 11 && number.starts_with('9')) => Some(format!(
            "{has}, and numbers of Argentina have 10, mobile ones perhaps with a 9 in front"
        )),
        "55" => {
            let (area, rest) = number.split_at_checked(2)?;
            let forms = match has_ninth_digit(area) {
                true => "",
                false => {
                    ". WhatsApp may write it without, and the provider takes both forms for one \
                     number"
                }
            };
            match is_mobile_of_eight(rest) {
                true => Some(format!(
                    "{has}: after the area code {area} a mobile number of Brazil has 9 digits, \
                     which begin with 9, since 2016 at the latest (Anatel, resolution \
                     553/2010){forms}"
                )),
                false => (!matches!(digits, 10 | 11)).then(|| {
                    format!("{has}, and numbers of Brazil have 10 or 11 with their area code")
                }),
            }
        }
        _ => None,
    }
}

/// Whether 15 comes after an area code of so many digits.
fn has_15(number: &str, area: usize) -> bool {
    number
        .get(area..)
        .is_some_and(|rest| rest.starts_with("15"))
}

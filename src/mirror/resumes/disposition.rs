//! What a browser is told about a file that a stranger uploaded: a type that it will not run, and a name that cannot leave its
//! header.

use std::fmt::Write as _;

use http::HeaderValue;

use crate::lever::resumes::File;

/// More of a name than that is cut.
const LONGEST_NAME: usize = 120;
/// What a resume is, and what no browser executes. Anything else is bytes.
const PASSED_ON: [&str; 9] = [
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.oasis.opendocument.text",
    "application/rtf",
    "text/rtf",
    "text/plain",
    "image/png",
    "image/jpeg",
];

/// The type to answer for the type that Lever says.
pub(super) fn content_type(said: Option<&str>) -> HeaderValue {
    let essence = said.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = PASSED_ON.iter().find(|known| **known == essence);
    HeaderValue::from_static(known.copied().unwrap_or("application/octet-stream"))
}

/// `Content-Disposition` that saves the file under its name (RFC 6266).
pub(super) fn attachment(file: Option<&File>) -> HeaderValue {
    let name = name(file);
    let ascii: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || " .-_()".contains(c) { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'.' | b'-' | b'_' => encoded.push(byte.into()),
            _ => write!(encoded, "%{byte:02X}").expect("a string can be written to"),
        }
    }
    HeaderValue::try_from(format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")).expect("every character is plain")
}

/// The file's own name without what means something to a file system, and with its extension.
fn name(file: Option<&File>) -> String {
    let plain = |text: &str| -> String {
        let kept = text.chars().filter(|c| !c.is_control() && !"/\\:*?\"<>|".contains(*c)).take(LONGEST_NAME);
        kept.collect::<String>().trim_matches(|c: char| c == '.' || c.is_whitespace()).to_owned()
    };
    let said = |text: Option<&String>| text.map(|text| plain(text)).filter(|text| !text.is_empty());
    let name = said(file.and_then(|file| file.name.as_ref())).unwrap_or_else(|| "resume".to_owned());
    match said(file.and_then(|file| file.ext.as_ref())) {
        Some(ext) if !name.to_lowercase().ends_with(&format!(".{}", ext.to_lowercase())) => format!("{name}.{ext}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(name: &str, ext: &str) -> String {
        let file = File { name: Some(name.into()), ext: Some(ext.into()), ..File::default() };
        attachment(Some(&file)).to_str().expect("text").to_owned()
    }

    #[test]
    fn a_name_is_kept_in_both_forms() {
        assert_eq!(shown("Zoë CV.pdf", "pdf"), "attachment; filename=\"Zo_ CV.pdf\"; filename*=UTF-8''Zo%C3%AB%20CV.pdf");
        assert_eq!(shown("Zoe", ".pdf"), "attachment; filename=\"Zoe.pdf\"; filename*=UTF-8''Zoe.pdf");
        assert_eq!(attachment(None), "attachment; filename=\"resume\"; filename*=UTF-8''resume");
    }

    #[test]
    fn nothing_in_a_name_means_anything() {
        assert_eq!(
            shown("../../etc/passwd\r\nSet-Cookie: a=b\"", ""),
            "attachment; filename=\"etcpasswdSet-Cookie a_b\"; filename*=UTF-8''etcpasswdSet-Cookie%20a%3Db"
        );
        assert_eq!(shown("...", "exe"), "attachment; filename=\"resume.exe\"; filename*=UTF-8''resume.exe");
    }

    #[test]
    fn what_a_browser_could_run_is_bytes() {
        assert_eq!(content_type(Some("application/PDF; charset=binary")), "application/pdf");
        for bytes in [None, Some(""), Some("text/html"), Some("image/svg+xml"), Some("application/pdf\r\nx: y"), Some("text/javascript")] {
            assert_eq!(content_type(bytes), "application/octet-stream", "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_fits_its_header(name in any::<String>(), ext in any::<String>()) {
            let header = shown(&name, &ext);
            prop_assert_eq!(header.matches('"').count(), 2);
            prop_assert!(header.is_ascii() && header.len() < 4 * 4 * LONGEST_NAME);
        }
    }
}

//! The one kind of file the stand-in serves: a resume of a single line.

use serde_json::{Value, json};

/// A small, valid PDF that shows one line of text; the text must not hold brackets.
pub fn one_line(text: &str) -> Vec<u8> {
    let content = format!("BT /F1 18 Tf 72 720 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut offsets = String::new();
    for (index, object) in objects.iter().enumerate() {
        offsets += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let count = objects.len() + 1;
    let table = file.len();
    file += &format!("xref\n0 {count}\n0000000000 65535 f \n{offsets}");
    file += &format!("trailer << /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    file.into_bytes()
}

/// What Lever read out of such a file.
pub fn parsed_data() -> Value {
    json!({
        "positions": [{
            "org": "Clockwork Kites",
            "title": "Kite Engineer",
            "summary": "Invented work on invented kites.",
            "location": "",
            "start": {"year": 2019, "month": 4},
            "end": {"year": 2023, "month": 9},
        }],
        "schools": [{
            "org": "University of Invention",
            "degree": "BSc",
            "field": "Aerodynamics",
            "summary": "",
            "start": {"year": 2015, "month": null},
            "end": {"year": 2019, "month": null},
        }],
    })
}

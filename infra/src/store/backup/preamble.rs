//! What `pg_restore` sets before anything else. From version 17 on it sets what servers before 17 have never heard of,
//! whichever it is for, and the first error ends a restore.

use std::io::{self, BufRead, Write};

/// Of the preamble, the line that is left out. Whoever restores says it where it is known.
const UNKNOWN: &[u8] = b"SET transaction_timeout = 0;\n";
/// What a preamble is made of, beside empty lines.
const PREAMBLE: [&[u8]; 4] = [b"--", b"\\restrict ", b"SET ", b"SELECT pg_catalog.set_config("];

/// Copies a script. What comes after its preamble is as it was: there it may be somebody's words.
pub(super) fn copy(mut script: impl BufRead, mut to: impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    while script.read_until(b'\n', &mut line)? > 0 {
        if line != UNKNOWN {
            to.write_all(&line)?;
        }
        if line != b"\n" && !PREAMBLE.iter().any(|start| line.starts_with(start)) {
            return io::copy(&mut script, &mut to).map(drop);
        }
        line.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use std::io::BufReader;

    /// As version 17 writes it.
    const DATA: &str = r"--
-- PostgreSQL database dump
--

\restrict aBc0

-- Dumped from database version 15.14 (Debian 15.14-0+deb12u1)
-- Dumped by pg_dump version 17.6 (Debian 17.6-0+deb13u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: text; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.text (
    body text NOT NULL
);


--
-- Data for Name: text; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.text (body) FROM stdin;
SET transaction_timeout = 0;
路灯不亮
\.


--
-- PostgreSQL database dump complete
--

\unrestrict aBc0

";
    /// And another section.
    const INDEXES: &str = "--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n\nSET statement_timeout = 0;\n\
        SET transaction_timeout = 0;\nSET row_security = off;\n\nALTER TABLE ONLY public.text\n    ADD PRIMARY KEY (id);\n\
        SET transaction_timeout = 0;\n";

    /// However it comes in.
    #[rstest]
    fn what_older_servers_do_not_know_is_left_out(
        #[values(DATA, INDEXES)] script: &str,
        #[values(1, 2, 3, 7, 29, 64, 1_000_000)] chunk: usize,
    ) {
        let mut copied = Vec::new();
        copy(BufReader::with_capacity(chunk, script.as_bytes()), &mut copied).unwrap();
        let line = "SET transaction_timeout = 0;\n";
        assert_eq!(script.matches(line).count(), 2);
        assert_eq!(String::from_utf8(copied).unwrap(), script.replacen(line, "", 1));
    }

    /// Older ones do not say it.
    #[rstest]
    fn all_else_is_copied_as_it_is(
        #[values(
            "",
            "SET",
            "--\n\nSET lock_timeout = 0;\nCREATE TABLE t ();\n",
            "SET transaction_timeout = 1;\nCOPY"
        )]
        script: &str,
        #[values("", "COPY t FROM stdin;\nSET transaction_timeout = 0;\n\\.\n")] then: &str,
    ) {
        // Only whole lines can be followed by others.
        let script = if script.is_empty() || script.ends_with('\n') {
            format!("{script}{then}")
        } else {
            script.into()
        };
        let mut copied = Vec::new();
        copy(script.as_bytes(), &mut copied).unwrap();
        assert_eq!(String::from_utf8(copied).unwrap(), script);
    }
}

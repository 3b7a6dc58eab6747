//! Each command in each state: the table that `docs/tickets.md` shows, and what is not a matter of states alone.

use super::*;
use crate::permission::Action;
use rstest::rstest;
use std::fmt::Write;
use std::path::Path;
use strum::IntoEnumIterator;

/// Every command with its name in the document and whoever gives it.
pub(super) fn commands() -> Vec<(&'static str, Actor, Command)> {
    let reason = || text("说明");
    let until = after(2_000);
    let assisted = Command::Dispatch {
        lead: known(worker()),
        assist: vec![unit()],
        severity: Some(Severity::Small),
        affair: Some(Affair::Public),
        handling: Some(Handling::Pending),
        note: Some(text("带上梯子")),
    };
    let shared =
        Command::Grade { category: None, severity: None, affair: Some(Affair::Shared), service: None };
    vec![
        ("grade 研判", clerk(), shared),
        ("dispatch 派单", clerk(), assisted),
        ("claim 认领", member(), Command::Claim),
        ("claim 组团认领", member(), Command::ClaimTogether { team: team() }),
        ("accept 接单", worker(), Command::Accept),
        ("return 退回", clerk(), Command::Return { reason: reason() }),
        ("arrive 到场", worker(), arrive()),
        ("plan 方案", worker(), Command::Plan { text: reason(), due: None, means: None }),
        ("delegates 设居民代表", clerk(), Command::NameDelegates { persons: vec![watcher(neighbour())] }),
        ("observe 监督意见", neighbour(), Command::Observe { text: reason(), satisfied: true }),
        ("reply 答复", worker(), Command::Reply { text: reason() }),
        ("resolve 办结", worker(), resolve()),
        ("rate 评单（满意）", resident(), rate(Satisfaction::Satisfied)),
        ("rate 评单（不满意）", resident(), rate(Satisfaction::Dissatisfied)),
        ("reopen 重新打开", resident(), Command::Reopen { reason: reason() }),
        ("supplement 补充", resident(), Command::Supplement { content: reason() }),
        ("urge 催办", resident(), Command::Urge),
        ("extend 申请延期", worker(), Command::Extend { until, reason: reason() }),
        ("extend/approve 批准延期", supervisor(), Command::ApproveExtension { note: None }),
        ("extend/refuse 驳回延期", supervisor(), Command::RefuseExtension { reason: reason() }),
        ("escalate 上报", clerk(), Command::Escalate { reason: reason() }),
        (
            "refer 引导",
            clerk(),
            Command::Refer { to: ReferTo::MutualHelp, guide: Guide::default(), text: reason() },
        ),
        ("topic 立为议题", clerk(), Command::RaiseTopic { reason: reason() }),
        ("decide 会商决定", dispatcher(), Command::Decide { text: reason(), back: true }),
        ("pause 暂停计时", supervisor(), Command::Pause { reason: reason() }),
        ("resume 恢复计时", supervisor(), Command::Resume { reason: reason() }),
        ("supervise 督办", supervisor(), Command::Supervise { reason: reason() }),
        ("whistle 吹哨", clerk(), whistle()),
        ("report-in 报到", department(), report_in()),
        ("opinions 评价单位", clerk(), opine(80)),
        ("discuss 会商", clerk(), Command::Discuss { units: vec![unit()], conclusion: reason() }),
        ("assess 党支部研判", clerk(), assess(Commonality::Shared)),
        ("promise 承诺时限", clerk(), Command::Promise { text: reason(), due_at: until }),
        ("note 备注", worker(), Command::Note { text: reason() }),
        ("withdraw 撤单", resident(), Command::Withdraw { reason: reason() }),
        ("decline 不予受理", clerk(), Command::Decline { reason: reason() }),
        ("unmask 查看明文", clerk(), Command::Unmask { reason: reason() }),
    ]
}

/// What has to be so before some commands can be tried at all.
fn prepare(command: &Command, story: Story) -> Story {
    let open = story.ticket.state.is_open();
    match command {
        command if command.claims() && story.ticket.state == State::Submitted => {
            let shared = Command::Grade {
                category: None,
                severity: None,
                affair: Some(Affair::Shared),
                service: None,
            };
            story.steps(&[(clerk(), shared, 4)])
        }
        Command::ApproveExtension { .. } | Command::RefuseExtension { .. }
            if open && story.ticket.state != State::Submitted =>
        {
            let ask = Command::Extend { until: after(2_000), reason: text("等配件") };
            story.steps(&[(worker(), ask, 4)])
        }
        Command::Refer { .. } if open => {
            let private = Command::Grade {
                category: None,
                severity: None,
                affair: Some(Affair::Private),
                service: None,
            };
            story.steps(&[(clerk(), private, 4)])
        }
        Command::Decide { .. } if open => {
            story.steps(&[(clerk(), Command::Escalate { reason: text("超出社区能力") }, 4)])
        }
        Command::Observe { .. } => {
            let named = Command::NameDelegates { persons: vec![watcher(neighbour())] };
            story_after(&[(clerk(), named, 0)], story.ticket.status())
        }
        Command::ReportIn { .. } => story_after(&[(clerk(), whistle(), 0)], story.ticket.status()),
        Command::Opine { .. } => {
            let came = [(clerk(), whistle(), 0), (department(), report_in(), 0)];
            story_after(&came, story.ticket.status())
        }
        Command::Resume { .. } if open => {
            story.steps(&[(supervisor(), Command::Pause { reason: text("等配件") }, 4)])
        }
        _ => story,
    }
}

/// The state after it, or why not.
fn outcome(status: Status, actor: &Actor, command: &Command) -> Result<Status, String> {
    let mut story = prepare(command, story_at(status));
    // Whoever may claim a ticket does not see it in other states.
    let actor = if command.claims() && status != Status::Submitted { worker() } else { actor.clone() };
    story.step(&actor, command, after(4)).map_err(|refusal| refusal.code().to_owned())?;
    Ok(story.ticket.status())
}

fn merged(status: Status) -> Result<Status, String> {
    let mut story = story_at(status);
    let other = Submission { id: TicketId(Uuid::from_u128(103)), ..submission(None) };
    let target = Story::of(&other, &resident());
    let policy = &story.playbook.policy;
    let (events, _) =
        merge(&story.ticket, Some(&target.ticket), &text("同一件事"), &clerk(), [policy; 2], after(4))
            .map_err(|refusal| refusal.code().to_owned())?;
    story.happen(events);
    Ok(story.ticket.status())
}

const CHINESE: [&str; 8] = ["待派单", "待接单", "办理中", "待评价", "已结单", "已撤单", "不予受理", "已并单"];

fn document() -> String {
    let mut rows: Vec<(&str, Vec<Result<Status, String>>)> = commands()
        .iter()
        .map(|(name, actor, command)| (*name, Status::iter().map(|s| outcome(s, actor, command)).collect()))
        .collect();
    rows.push(("merge 并单", Status::iter().map(merged).collect()));
    let mut text = String::from(
        "# What a ticket goes through\n\n\
         Made from the rules by a test (`cargo test -p domain`), which fails when it is stale; `make docs` writes it anew.\n\n\
         ```mermaid\nstateDiagram-v2\n    [*] --> submitted: submit 点单\n",
    );
    for (status, chinese) in Status::iter().zip(CHINESE) {
        writeln!(text, "    {0}: {0} {chinese}", status.name()).unwrap();
    }
    for (name, row) in &rows {
        for (from, to) in Status::iter().zip(row) {
            if let Ok(to) = to
                && *to != from
            {
                writeln!(text, "    {} --> {}: {name}", from.name(), to.name()).unwrap();
            }
        }
    }
    text.push_str("    resolved --> closed: nobody rated it for 7 days\n");
    for (status, _) in Status::iter().zip(CHINESE).skip(4) {
        writeln!(text, "    {} --> [*]", status.name()).unwrap();
    }
    text.push_str("```\n\n");
    text.push_str(
        "Each command by somebody who may give it, on a small ticket in its first minutes: the state after it (**bold** where it\n\
         changes), or the code with which it is refused (409). Resume, referrals and decisions are tried on a ticket that is paused,\n\
         private, handed up, or for which more time was asked for, where it can be.\n\n",
    );
    text.push_str("| command |");
    for status in Status::iter() {
        write!(text, " {} |", status.name()).unwrap();
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(Status::iter().count()));
    for (name, row) in &rows {
        write!(text, "\n| {name} |").unwrap();
        for (from, to) in Status::iter().zip(row) {
            match to {
                Ok(to) if *to == from => write!(text, " {} |", to.name()).unwrap(),
                Ok(to) => write!(text, " **{}** |", to.name()).unwrap(),
                Err(code) => write!(text, " `{}` |", code.strip_prefix("ticket.").unwrap_or(code)).unwrap(),
            }
        }
    }
    text.push('\n');
    text
}

#[test]
fn the_document_shows_every_command_in_every_state() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/tickets.md");
    let document = document();
    if std::env::var_os("HUYING_WRITE_DOCS").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == document, "docs/tickets.md is stale: run `make docs`");
}

#[test]
fn a_refusal_says_where_the_ticket_stood() {
    for (name, actor, command) in commands() {
        for status in Status::iter() {
            let mut story = story_at(status);
            let Err(refusal) = story.step(&actor, &command, after(4)) else { continue };
            if let Refusal::Ticket(TicketRefusal::WrongState { status: said, .. }) = &refusal {
                assert_eq!((*said, refusal.field()), (status, None), "{name}");
                assert_eq!(refusal.args()[0], ("status", status.name().to_owned()));
            }
        }
    }
}

#[test]
fn who_claims_first_has_it_and_the_second_is_told() {
    let shared =
        Command::Grade { category: None, severity: None, affair: Some(Affair::Shared), service: None };
    let mut story = Story::begin(None);
    let refusal = story.step(&member(), &Command::Claim, after(1)).unwrap_err();
    assert_eq!(refusal.code(), "ticket.not_found", "not yet for everybody to see");
    assert_eq!(story.step(&worker(), &Command::Claim, after(1)).unwrap_err().code(), "ticket.not_claimable");
    let mut story = story.steps(&[(clerk(), shared, 1)]);
    let department_role = story.step(&department(), &Command::Claim, after(1)).unwrap_err();
    assert_eq!(department_role.code(), "ticket.not_found");
    story.step(&member(), &Command::Claim, after(2)).unwrap();
    assert_eq!((story.ticket.status(), story.ticket.handler()), (Status::Accepted, Some(member().user)));
    assert_eq!(
        story.step(&worker(), &Command::Claim, after(2)).unwrap_err().code(),
        "ticket.already_accepted"
    );
    let second = person(16, &[(Role::PartyMember, at("532504001007"))]);
    assert_eq!(story.step(&second, &Command::Claim, after(2)).unwrap_err().code(), "ticket.already_accepted");
    assert!(second.may(Action::TicketView, &story.ticket.parties()).is_err(), "no longer theirs to see");
    let elsewhere = person(17, &[(Role::PartyMember, at("532504001008"))]);
    assert_eq!(story.step(&elsewhere, &Command::Claim, after(2)).unwrap_err().code(), "ticket.not_found");
    // Given back, it is open to be claimed again; dispatched, no longer.
    let back = Command::Return { reason: text("家里有事") };
    let mut story = story.steps(&[(member(), back, 3)]);
    assert!(second.may(Action::TicketClaim, &story.ticket.parties()).is_ok());
    story.step(&clerk(), &to_person(), after(4)).unwrap();
    assert_eq!(story.step(&second, &Command::Claim, after(4)).unwrap_err().code(), "ticket.not_found");
}

#[test]
fn an_extension_is_asked_decided_and_lapses() {
    let ask = |minutes| Command::Extend { until: after(minutes), reason: text("等配件") };
    let mut story = story_at(Status::Accepted);
    for past in [-5, 4, 30] {
        let refusal = story.step(&worker(), &ask(past), after(5)).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), ("ticket.time_too_early", Some("/until")));
    }
    story.step(&worker(), &ask(60), after(5)).unwrap();
    assert_eq!(story.step(&worker(), &ask(90), after(5)).unwrap_err().code(), "ticket.extension_pending");
    assert_eq!(story.ticket.clocks[1].due_at, after(30), "the clock runs on meanwhile");
    let approve = Command::ApproveExtension { note: None };
    let reach = story.step(&worker(), &approve, after(6)).unwrap_err();
    assert_eq!(reach.code(), "permission.role");
    let stranger = person(19, &[(Role::CommunityClerk, at("532504001007"))]);
    // The arrive clock is over: the ticket lies on the street's desk, and only whoever dispatched it or those above decide.
    assert_eq!(story.step(&stranger, &approve, after(6)).unwrap_err().code(), "permission.reach");
    story.step(&clerk(), &approve, after(6)).unwrap();
    assert_eq!((story.ticket.clocks[1].due_at, story.ticket.clocks[1].warn_at), (after(60), after(54)));
    assert_eq!(story.step(&clerk(), &approve, after(6)).unwrap_err().code(), "ticket.no_extension");
    // Nobody decided before the limit passed: the breach stands.
    story.step(&worker(), &ask(120), after(50)).unwrap();
    assert_eq!(story.step(&clerk(), &approve, after(61)).unwrap_err().code(), "ticket.extension_lapsed");
    story.step(&clerk(), &Command::RefuseExtension { reason: text("不准") }, after(61)).unwrap();
    assert_eq!(story.ticket.extension, None);
    assert_eq!(story.step(&worker(), &ask(200), after(62)).unwrap_err().code(), "ticket.nothing_to_extend");
}

#[test]
fn reopening_ends_with_its_window_and_starts_a_round() {
    let reopen = Command::Reopen { reason: text("又坏了") };
    let last = after(4) + TimeDelta::days(10);
    let mut story = story_at(Status::Closed);
    let late = story.step(&resident(), &reopen, last + TimeDelta::microseconds(1)).unwrap_err();
    assert_eq!(late.code(), "ticket.reopen_window_over");
    story.step(&resident(), &reopen, last).unwrap();
    assert_eq!((story.ticket.status(), story.ticket.round), (Status::Dispatched, 2));
    assert_eq!(story.ticket.lead(), Some(Assignee::Person(worker().user)));
    assert_eq!(story.ticket.clocks.last().unwrap().due_at, last + TimeDelta::minutes(30));
}

#[test]
fn urging_has_its_measure() {
    let mut story = story_at(Status::Accepted).steps(&[(resident(), Command::Urge, 5)]);
    assert_eq!(
        story.step(&resident(), &Command::Urge, after(14)).unwrap_err().code(),
        "ticket.urged_recently"
    );
    story.step(&resident(), &Command::Urge, after(15)).unwrap();
    assert_eq!(story.ticket.urged, 2);
}

#[test]
fn whoever_assists_sees_and_notes_and_does_not_decide() {
    let help = Command::Dispatch {
        lead: known(worker()),
        assist: vec![unit(), known(member())],
        severity: None,
        affair: None,
        handling: None,
        note: None,
    };
    let mut story = Story::begin(None).steps(&[(clerk(), help, 1)]);
    for helper in [department(), member()] {
        assert!(helper.sees_by_role(&story.ticket.parties()));
        assert_eq!(story.step(&helper, &Command::Accept, after(2)).unwrap_err().code(), "permission.reach");
        story.step(&helper, &Command::Note { text: text("梯子在门卫处") }, after(2)).unwrap();
    }
    let mut back = story.steps(&[(clerk(), Command::Return { reason: text("换人") }, 3)]);
    let note = Command::Note { text: text("收到") };
    assert_eq!(back.step(&member(), &note, after(3)).unwrap_err().code(), "ticket.not_found");
}

#[rstest]
#[case::resident(resident(), Some(-10), "ticket.occurred_at_for_staff")]
#[case::future(worker(), Some(1), "ticket.time_too_late")]
#[case::long_ago(worker(), Some(-32 * 1440), "ticket.time_too_early")]
fn what_was_taken_down_on_paper(#[case] by: Actor, #[case] minutes: Option<i64>, #[case] code: &str) {
    let at = |minutes: Option<i64>| Submission {
        occurred_at: minutes.map(after),
        channel: if by.is_staff() { Channel::MassMeeting } else { Channel::MiniProgram },
        ..submission(Some(Severity::Small))
    };
    let refusal = submit(&at(minutes), &by, &playbook(), start()).unwrap_err();
    assert_eq!((refusal.code(), refusal.field()), (code, Some("/occurred_at")));
    let story = Story::of(&at(by.is_staff().then_some(-600)), &by);
    assert_eq!(story.ticket.clocks[0].started_at, start(), "nobody could have kept a limit before");
    assert_eq!(story.ticket.occurred_at, if by.is_staff() { after(-600) } else { start() });
}

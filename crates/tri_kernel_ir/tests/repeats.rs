//! Calls that differ only in their weights become repeats, and nothing else does.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;

use tri_kernel_ir::{Fusion, Module, Place, Schedule, StepKind, schedule, verify};

/// Which weight a call takes.
type Order = fn(usize) -> usize;

type Damage = fn(&mut Schedule);

/// A chain of calls of `@block`; call `i` takes the weight `weight(i)`, of `weights`, in all.
fn chain(calls: usize, weights: usize, weight: impl Fn(usize) -> usize) -> Module {
    let mut text = String::from(
        "module \"m\"\n\nfn @block<B: 0 up>(%0: f32[B, 4], %1: f32[4]) -> (%3) {\n  \
         %2 = broadcast %1 : f32[B, 4]\n  %3 = mul %0, %2 : f32[B, 4]\n}\n\nfn @main<B: 0 up>(%0: f32[B, 4]",
    );
    for param in 1..=weights {
        write!(text, ", %{param}: f32[4]").unwrap();
    }
    writeln!(text, ") -> (%{}) {{", weights + calls).unwrap();
    for call in 0..calls {
        let (to, from) = (weights + 1 + call, if call == 0 { 0 } else { weights + call });
        let weight = weight(call) + 1;
        writeln!(text, "  %{to} = call %{from}, %{weight} {{@block, symbols [B], states []}} : f32[B, 4]")
            .unwrap();
    }
    text.push_str("}\n");
    let module = tri_ir::verify(tri_ir::parse(&text).unwrap()).unwrap();
    verify(schedule(&module, Fusion::Full).unwrap()).unwrap().into_inner()
}

/// For each step as it runs, the weight that it takes.
fn weights_taken(schedule: &Schedule) -> Vec<u32> {
    let mut order = Vec::new();
    let mut at = 0;
    for repeat in &schedule.repeats {
        order.extend((at..repeat.steps.start).map(|step| (step, 0, &[][..])));
        for turn in 0..repeat.times as i32 {
            order.extend(repeat.steps.clone().map(|step| (step, turn, repeat.moving.as_slice())));
        }
        at = repeat.steps.end;
    }
    order.extend((at..schedule.steps.len() as u32).map(|step| (step, 0, &[][..])));
    let taken = order.into_iter().map(|(step, turn, moving)| {
        let StepKind::Call(call) = &schedule.steps[step as usize].kind else { panic!("a step is no call") };
        let by = moving.iter().find(|(buffer, _)| *buffer == call.params[1]).map_or(0, |(_, by)| *by);
        let Place::Param(place) = schedule.memory(call.params[1]) else { panic!("a weight is no parameter") };
        place.strict_add_signed(turn * by) - 1
    });
    taken.collect()
}

#[test]
fn a_chain_of_calls_becomes_turns_of_two() {
    let module = chain(10, 10, |call| call);
    insta::assert_snapshot!(module);
    let main = &module.schedules[1];
    // The input, four turns from one slot to the other and back, the result.
    assert_eq!((main.steps.len(), main.repeats.len(), main.repeats[0].times), (4, 1, 4));
    assert_eq!(weights_taken(main), Vec::from_iter(0..10));
}

#[test]
fn the_weights_of_a_run_are_those_of_the_calls_in_order() {
    let orders: [(&str, Order); 6] = [
        ("ascending", |call| call),
        ("descending", |call| 29 - call),
        ("one for all", |_| 3),
        ("every other", |call| call / 2 * 2),
        ("in turns", |call| call % 3),
        ("without order", |call| call * call * 7 % 30),
    ];
    for (name, order) in orders {
        for calls in [1, 2, 3, 7, 8, 29, 30] {
            let module = chain(calls, 30, order);
            let expected: Vec<u32> = (0..calls).map(|call| order(call) as u32).collect();
            assert_eq!(weights_taken(&module.schedules[1]), expected, "{name}, {calls} calls");
        }
    }
    assert!(chain(30, 30, |call| call * call * 7 % 30).schedules[1].steps.len() > 20);
}

#[test]
fn a_damaged_repeat_is_refused() {
    let damage: [(&str, Damage); 9] = [
        ("it begins behind its end", |main| main.repeats[0].steps.start = 9),
        ("it ends behind the steps", |main| main.repeats[0].steps.end = 9),
        ("it runs never", |main| main.repeats[0].times = 0),
        ("it overlaps another", |main| main.repeats.push(main.repeats[0].clone())),
        ("a weight leaves the parameters", |main| main.repeats[0].times += 2),
        ("a weight moves too far", |main| main.repeats[0].moving[0].1 = 5),
        ("a weight becomes the input", |main| main.repeats[0].moving[0].1 = -1),
        ("a buffer is not there", |main| main.repeats[0].moving[0].0.0 = 99),
        ("a slot moves", |main| {
            let slot = main.buffers.iter().position(|buffer| matches!(buffer.place, Place::Slot(_))).unwrap();
            main.repeats[0].moving = vec![(tri_kernel_ir::BufferId(slot as u32), 1)];
        }),
    ];
    for (name, damage) in damage {
        let mut module = chain(10, 10, |call| call);
        damage(&mut module.schedules[1]);
        assert!(verify(module).is_err(), "{name}");
    }
}

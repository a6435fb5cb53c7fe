//! The list of cases, and the macro that makes a test of each.

/// One `#[tokio::test]` for each case, in a module of the given name. `$make` is an async function (or closure) without arguments
/// that gives fresh [`Stores`](crate::Stores).
#[macro_export]
macro_rules! contract_tests {
    ($suite:ident, $make:expr) => {
        $crate::contract_cases! {
            $suite, $make,
            outbox: [
                every_field_comes_back,
                every_kind_of_message_comes_back,
                the_answer_keeps_the_order,
                handed_over_at_once,
                all_or_nothing,
                a_bad_neighbour_fails_alone,
                a_key_gives_the_first_answer_again,
                a_repeated_answer_is_the_earlier_answer,
                a_key_with_another_request_is_refused,
                keys_are_exact_and_of_their_user,
                a_key_is_free_after_seven_days,
                a_hundred_retries_at_once_are_one,
                many_at_once_are_all_stored,
                a_caller_that_goes_away,
            ],
            lease: [
                by_due_time_then_acceptance,
                higher_classes_first,
                the_quota_is_divided,
                without_room_nothing,
                of_its_own_link_only,
                scheduled_waits_for_its_time,
                expired_is_not_taken,
                leased_once,
                comes_back_with_what_was_remembered,
                put_back_stands_by_its_new_time,
                behind_a_place_of_each_class,
                what_was_put_off_gets_its_place_back,
                places_are_given_back_so_many_at_a_time,
                never_twice_at_once,
                the_backlog_is_what_is_due,
            ],
            settle: [
                sent,
                failed,
                expired,
                back_into_a_queue,
                an_error_stays_until_there_is_another,
                a_possible_duplicate_stays_one,
                only_the_holder_settles,
                what_is_not_held_is_not_settled,
                a_repetition_changes_nothing,
                a_stranger_among_many,
                many_at_once,
                telling_the_sender,
                telling_directly,
                telling_nobody,
                parts_come_back,
            ],
            receipts: [
                a_learned_spelling_comes_first,
                each_verdict_brings_its_end,
                parts_in_any_order,
                one_part_fails,
                pending_decides_nothing,
                twice_and_after_the_end,
                twice_in_one_call,
                answers_in_order,
                every_spelling_of_an_id,
                the_exact_spelling_first,
                a_converted_match_agrees_on_the_recipient,
                the_recipient_breaks_ties,
                the_same_id_twice,
                one_id_for_several_recipients,
                one_id_and_a_national_number,
                an_id_of_one_needs_no_recipient,
                three_parts_under_one_id,
                ids_are_of_their_link,
                over_another_link_of_the_account,
                told_what_was_asked_for,
                told_directly,
                the_parts_keep_their_ids,
                many_at_once,
            ],
            receipts_lost: [
                before_the_reply,
                before_the_reply_in_another_spelling,
                some_parts_before_the_reply,
                an_early_receipt_is_used_once,
                a_stranger_does_not_use_it_up,
                for_a_part_of_a_message_put_back,
                in_time_to_stop_a_resend,
                never,
                after_it_was_given_up,
                after_the_operator_did_not_know,
                after_the_operator_did_not_know_of_a_part,
                giving_up_has_a_limit,
                what_is_put_back_is_not_given_up,
                a_parked_receipt_is_dropped,
            ],
            ways: [
                times_come_up,
                times_ahead,
                by_another_link,
                put_back_by_another_link,
                a_decision_holds_once,
                later_or_never,
                the_first_delivered_wins,
                the_others_receipts_are_kept,
                a_late_reply_of_a_way_that_was_left,
                both_ways_answer_at_once,
                an_end_that_only_the_store_knows,
                a_dead_run_says_nothing,
                a_bad_receipt_hurries,
                the_last_bad_receipt_ends,
                abandoned_on_the_second_way,
                abandoned_in_doubt,
                validity_runs_out_on_the_second_way,
                what_has_left_is_not_taken_back,
                taken_over_on_the_second_way,
            ],
            ends: [
                cancel_what_waits,
                cancel_comes_too_late,
                cancel_what_may_have_left,
                cancel_what_is_not_there,
                cancel_against_lease,
                expire_what_waits,
                expire_tells_the_sender,
                an_end_stays,
            ],
            recalls: [
                taken_back,
                the_report_comes_first,
                refused_and_again,
                given_out_again,
                not_with_an_operator,
            ],
            handoffs: [
                oldest_due_first,
                busy_targets_are_left_out,
                mailboxes_are_left_out_alone_and_together,
                leased_once,
                never_twice_at_once,
                done_is_gone,
                again_later,
                put_off_is_pulled_back,
                only_the_holder_settles,
                given_up_is_listed,
                given_up_is_sent_again,
                sent_again_it_is_as_if_it_was_never_tried,
                the_message_as_it_is_now,
            ],
            inbox: [
                one_part_is_whole,
                every_form_of_body,
                parts_in_any_order,
                cut_characters_are_whole_again,
                the_same_part_twice,
                the_same_words_later,
                the_same_words_by_a_clock_set_back,
                the_same_words_by_two_nodes,
                the_same_part_a_day_later,
                equal_but_for_the_operators_time,
                colliding_references,
                a_place_already_filled,
                incomplete_after_its_time,
                incomplete_so_many_at_a_time,
                handed_off_when_whole,
                many_at_once,
                who_sees_what,
                page_by_page,
                acknowledged,
            ],
            runs: [
                a_node_starts_again,
                also_what_was_handed_over_at_once,
                who_else_is_alive,
                which_links_others_have,
                each_sign_differs,
                the_silent_are_named,
                time_alone_kills_nobody,
                the_dead_take_nothing,
                a_sign_at_the_last_moment,
                leaving,
                numbers_of_nodes,
                so_many_at_a_time,
                the_living_keep_theirs,
                never_twice_at_once,
                handoffs_are_set_free,
                what_a_run_holds,
                let_go_of_a_message,
                let_go_of_what_may_have_been_sent,
                let_go_in_doubt,
                let_go_of_a_handoff,
                let_go_of_nothing_else,
            ],
            reports: [
                what_is_not_there,
                newest_first,
                filters,
                ping,
                the_books_are_right,
                retention_removes_what_is_over,
                retention_removes_what_was_sent_for_good,
                retention_of_received_messages,
                retention_leaves_keys_in_force,
                a_receipt_for_what_was_removed,
            ],
            directory: [
                orders_about_links,
                empty,
                every_field_comes_back,
                replaced_by_name,
                removed,
                the_version_grows,
            ],
        }
    };
}

/// Only [`contract_tests!`] calls this.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($suite:ident, $make:expr, $($module:ident: [$($case:ident),* $(,)?]),* $(,)?) => {
        mod $suite {
            $(
                mod $module {
                    #[allow(unused_imports)]
                    use super::super::*;
                    $(
                        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                        async fn $case() {
                            let stores: $crate::Stores = ($make)().await;
                            stores.begin().await;
                            $crate::$module::$case(&stores).await;
                        }
                    )*
                }
            )*
        }
    };
}

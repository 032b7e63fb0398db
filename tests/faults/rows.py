"""What may go wrong, what happens then, and the tests of other rooms that show it.

The tests in this folder name their rows themselves, with the marker ``row``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table in ``docs/reliability.md``."""

    fault: str
    then: str
    elsewhere: tuple[str, ...] = ()
    """Tests of other rooms: ``folder/file::function``, without ``test_`` before either."""


ROWS = {
    1: Row("`kill -9` at any moment of a save", "what was acknowledged is there, the rest is whole or not there"),
    2: Row(
        "`kill -9` in a save of many, a span with ten outputs, a deletion, a purge, a `gc`, an upgrade",
        "each call all or nothing; at worst blobs are left that no row needs, and one `gc` removes them",
        ("span/owner::after_a_kill_it_is_abandoned_and_what_it_saved_is_kept",),
    ),
    3: Row(
        "the database or a file fails at any single step of save, write, span, load or delete",
        "a typed error, nothing half-written, the next try works",
        ("persist/save::a_failing_transaction_removes_the_blobs_it_put",),
    ),
    4: Row(
        "a power cut",
        'the last saves may be gone, whole, unless `durability="full"`; what is there has its blobs',
    ),
    5: Row(
        "a full disk",
        "`StorageFullError`, nothing of that call is visible, work goes on when there is space",
        (
            "storage/file::a_read_only_or_full_place_is_a_typed_error_that_names_it",
            "storage/aws::a_full_disk_on_this_side_is_a_typed_error",
        ),
    ),
    6: Row(
        "a file or folder that may only be read, or is not there",
        "`StorageReadOnlyError` or `CannotOpenError` naming it; loads still work where reading does",
        (
            "graph/engine::a_database_that_may_only_be_read_still_loads",
            "graph/engine::a_missing_file_is_told_and_made_by_create_tables",
            "graph/engine::a_missing_folder_and_a_folder_in_place_of_a_file_are_told",
            "graph/faults::a_database_that_may_only_be_read_still_loads",
        ),
    ),
    7: Row(
        "a file that is no database, or one with bytes changed",
        "`DatabaseCorruptError` or another typed error; never a wrong value",
        ("graph/engine::a_file_that_is_no_database_is_told_and_left_alone",),
    ),
    8: Row(
        "a blob cut short, emptied, or with one bit changed",
        "`BlobCorruptError` with owner, expected and found hash; the other fields load; `verify` lists it",
        (
            "maintain/verify::a_damaged_blob_is_found_by_its_size_or_its_hash",
            "maintain/repair::a_damaged_blob_makes_room_for_the_same_value",
            "persist/load::a_changed_byte_is_found_and_told",
            "persist/load::a_truncated_blob_is_found_by_its_size_alone",
            "persist/load::a_damaged_row_is_found_too",
        ),
    ),
    9: Row(
        "a blob that is gone",
        "`BlobMissingError` naming artifact, span and storage; the other fields load; `verify` lists it",
        (
            "maintain/verify::a_missing_blob_is_named_with_whose_it_is",
            "persist/load::a_missing_blob_names_artifact_span_and_storage",
            "storage/aws_library::a_missing_or_damaged_blob_names_its_owner",
        ),
    ),
    10: Row(
        "another process holds the database",
        "waited for up to `busy_timeout`, then `StoreBusyError`, which may be tried again; reads go on",
        (
            "graph/engine::a_writer_that_waits_too_long_is_told_and_may_try_again",
            "graph/faults::a_row_that_another_transaction_holds_is_waited_for_as_long_as_busy_timeout_says",
        ),
    ),
    11: Row(
        "several processes and tasks write at once",
        "all succeed, nothing is lost; versions of a key have no gaps and one is the latest",
        (
            "artifact/race::4_processes_that_save_50_times_under_40_keys_make_gapless_versions",
            "artifact/race::4_processes_that_save_the_same_make_it_once",
            "persist/process::8_tasks_in_each_of_4_processes_lose_nothing_and_share_equal_blobs",
            "persist/process::processes_that_make_the_tables_at_the_same_moment_all_succeed",
        ),
    ),
    12: Row(
        "the database server crashes, idle or under load",
        "what was answered is there; running calls are a `ConnectionLostError`; later ones connect again",
        (
            "graph/server::a_server_that_crashes_and_comes_back_has_what_was_saved_and_nothing_half",
            "graph/server::a_server_that_crashes_under_load_keeps_every_save_it_answered",
        ),
    ),
    13: Row(
        "object storage answers 503, stalls, or an answer is lost",
        "asked again, up to four times; then a typed error and no row",
        (
            "storage/aws::a_put_survives_two_failures",
            "storage/aws::it_gives_up_after_four_attempts_and_says_so",
            "storage/aws::a_server_that_stalls_is_asked_again_and_then_given_up",
            "storage/aws::refusing_what_a_lost_answer_had_done_is_success",
            "storage/aws::a_finished_upload_whose_answer_was_lost_is_success",
            "storage/aws_library::a_failed_put_leaves_no_row",
        ),
    ),
    14: Row(
        "a task is cancelled at any moment",
        "all of its call or nothing; no transaction stays open",
        (
            "persist/save::a_cancelled_save_is_there_whole_or_not_at_all",
            "graph/session::a_cancelled_block_leaves_nothing_and_frees_the_database",
            "span/context::cancelled_at_any_moment_no_span_stays_open",
        ),
    ),
    15: Row(
        "Ctrl-C, or Interrupt in a notebook",
        "the span ends as `interrupted`, what was saved stays, the next call works",
        (
            "span/context::ctrl_c_ends_a_span_as_interrupted",
            "span/context::ctrl_c_at_any_moment_leaves_no_span_open_in_a_living_process",
            "jupyter/rewrite_kernel::an_interrupt_stops_a_blocking_cell",
            "jupyter/rewrite_kernel::an_interrupt_stops_an_awaiting_cell",
        ),
    ),
    16: Row(
        "a process or kernel dies with a span open",
        "the span reads as `abandoned`, never as running; `repair` closes it",
        (
            "maintain/repair::a_span_of_a_killed_process_is_closed_at_its_last_sign_of_life",
            "span/owner::after_a_kill_it_is_abandoned_and_what_it_saved_is_kept",
            "span/owner::alive_is_known_by_process_start_boot_and_signs_of_life",
            "jupyter/extension::a_span_left_open_by_a_killed_kernel_is_abandoned_in_the_next",
        ),
    ),
    17: Row(
        "the clock is set back",
        "what was saved last stays the newest; no time is negative",
        ("ids::ids_increase_when_the_clock_steps_back",),
    ),
    18: Row(
        "labels of any text, however strange or long",
        "kept as they are, or `InvalidLabelError`",
        (
            "persist/save::a_strange_label_is_kept_as_it_is",
            "persist/save::a_label_that_no_database_keeps_is_refused",
            "graph/faults::text_that_the_server_cannot_keep_is_told",
        ),
    ),
    19: Row(
        "names and locations that lead out of the store, links put into it",
        "a name never becomes a path; `UnsafeKeyError`; links are not followed",
        (
            "artifact/key::an_unsafe_key_is_refused_before_anything_is_stored",
            "artifact/key::any_other_key_is_kept_as_it_is",
            "storage/file::a_link_in_place_of_a_blob_is_not_followed",
            "storage/file::a_link_in_place_of_a_folder_is_not_followed",
            "storage/base::nothing_else_passes",
        ),
    ),
    20: Row(
        "HTML and scripts in labels, values, columns, errors, code",
        "shown as text in every card, picture, widget, export and terminal",
        (
            "widget/lineage_view::hostile_words_are_text_in_the_drawing",
            "widget/assets::no_file_makes_markup_out_of_text",
            "cli/hostile::no_control_character_is_written",
            "cli/hostile::names_are_shown_and_are_no_markup",
            "jupyter/show::hostile_words_are_text_in_every_card",
            "jupyter/views_limits::text_of_users_stays_text",
            "jupyter/html::no_other_file_makes_html",
            "lineage/svg::a_hostile_name_stays_a_name",
            "lineage/escape::mermaid_text_holds_only_letters_digits_and_code_points",
            "lineage/escape::dot_text_cannot_end_its_quotes_or_open_a_record",
        ),
    ),
    21: Row(
        "wildcards and SQL in what is searched for",
        "matched as plain text, alike on every database",
        (
            "graph/filter::nothing_in_a_value_is_a_wildcard",
            "graph/filter::every_tree_of_conditions_matches_what_plain_python_matches",
        ),
    ),
    22: Row("a hundred thousand ids at once", "split into pieces", ("graph/among::many_ids_at_once",)),
    23: Row(
        "bytes that would run code when they are read",
        "nothing is ever unpickled",
        ("serializer/numpy::pickled_objects_are_never_run",),
    ),
    24: Row(
        "the database names a serializer or storage that is not there",
        "a typed error that names it; nothing is imported; the other fields load",
        ("persist/load::a_name_the_process_does_not_know_is_told_and_never_imported",),
    ),
    25: Row(
        "a model's class is gone, older or newer than what was stored",
        "a read-only record, `migrate`, or `ModelTooNewError`; a failed migration changes nothing",
        (
            "persist/load::a_model_whose_class_is_gone_is_a_read_only_record_of_its_fields",
            "model/model::versions_that_cannot_be_read_say_why",
            "model/model::a_migration_that_fails_raises_its_own_error_and_keeps_the_original",
        ),
    ),
    26: Row(
        "links in circles, to themselves, diamonds, great depth",
        "every walk ends",
        (
            "lineage/collect::a_cycle_of_links_ends",
            "lineage/collect::a_diamond_of_40_layers_is_walked_once",
            "graph/filter::relatives_on_a_cycle_and_with_several_starts",
            "persist/load::a_load_of_its_own_part_ends",
            "persist/save::nesting_beyond_all_measure_is_a_typed_error",
        ),
    ),
    27: Row(
        "a lineage of thousands of nodes",
        "the picture keeps what is nearest and counts the rest",
        (
            "lineage/collect::the_limit_bounds_the_picture_and_says_what_is_hidden",
            "lineage/svg::a_big_lineage_keeps_what_is_nearest_to_its_focus",
            "lineage/mermaid::every_line_is_one_of_the_few_forms_and_the_limits_hold",
        ),
    ),
    28: Row(
        "giant values, and values whose `repr` fails",
        "shown small, quickly, without an error",
        (
            "jupyter/show::what_is_shown_of_something_giant_is_small_and_quick",
            "jupyter/show::a_model_that_refuses_everything_is_still_shown",
            "jupyter/views_limits::giant_things_stay_within_the_limits",
        ),
    ),
    29: Row(
        "passwords and keys in code, parameters, errors, URLs",
        "in no file, view, export, report or message",
        (
            "security/canary::no_secret_is_in_any_file_view_export_or_report",
            "security/canary::no_error_names_a_password",
            "security/canary::no_error_of_a_statement_shows_its_values",
            "span/write::no_secret_reaches_the_database",
            "span/redact::a_secret_is_hidden",
            "jupyter/tracker::secrets_bound_in_cells_are_not_written",
            "graph/faults::a_database_is_shown_without_its_password_wherever_that_stands",
        ),
    ),
    30: Row(
        "other users of the machine",
        "folders are 0700, blobs 0400, other files 0600",
        ("security/modes::nothing_is_readable_by_others",),
    ),
    31: Row(
        "bytes are removed by one process while others save the same bytes",
        "whoever saved them has them",
        (
            "persist/process::a_blob_that_some_delete_and_others_save_again_is_there_as_long_as_a_row_needs_it",
            "maintain/gc::a_blob_survives_when_it_is_collected_and_saved_again_at_the_same_time",
            "graph/locks::savers_of_one_blob_go_together_and_removers_wait_for_them",
        ),
    ),
    32: Row(
        "a database of an older or newer version; `kill -9` in the middle of an upgrade",
        "upgraded on request with a copy first; the old state or the new one, never between",
        (
            "graph/upgrade::an_older_database_is_told_before_anything_is_done",
            "graph/upgrade::a_newer_database_is_refused",
            "graph/upgrade::a_failing_upgrade_changes_nothing",
            "graph/golden::a_golden_store_is_upgraded_and_whole",
            "graph/golden::a_killed_upgrade_leaves_the_old_or_the_new",
            "graph/golden::two_processes_that_upgrade_at_once_do_it_once",
            "cli/command::an_older_store_is_told_and_upgraded",
        ),
    ),
    33: Row(
        "a fork after the database was opened",
        "child and parent each have connections of their own",
        (
            "graph/engine::a_fork_in_the_middle_gives_each_process_its_own_connections",
            "graph/server::a_fork_in_the_middle_gives_each_process_its_own_connections",
            "library_process::a_forked_child_starts_its_own_library_thread",
        ),
    ),
    34: Row("any history of calls, failures, crashes and reopenings", "what a plain Python model says is there"),
    35: Row("bytes of strangers given to every deserializer", "only typed errors, little memory"),
    36: Row("this page", "made from the tests that ran"),
}

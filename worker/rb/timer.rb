# timer.rb: Cloud.timer: when its handler runs.
module Cloud
  SCHEDULES = [:every, :cron, :at, :frequency]
  FREQUENCIES = ["once", "custom", "hourly", "daily", "weekly", "monthly"]
  MISSED = { "" => 0, "run_once" => 0, "skip" => 1 }
  OVERLAP = { "" => 0, "skip" => 0, "queue" => 1, "allow" => 2 }

  def self.timer(name, options = nil, &block)
    what = "Cloud.timer \"#{name}\""
    unless options.is_a?(Hash) && SCHEDULES.any? { |key| options[key] }
      raise ArgumentError, "#{what}: say when, every: \"10m\" or cron: \"0 3 * * *\" or at:"
    end
    options.each { |key, _| __check_option("timer", what, key) }
    options = __unfold(what, options) if options[:frequency]
    given = [:every, :cron, :at].select { |key| options[key] }
    if given.size > 1
      raise ArgumentError, "#{what}: #{given.join(': and ')}: exclude each other"
    end
    __add("timer", name, options, block, __timing(what, options))
  end

  # [cron, zone, at_ms, start_ms, expire_ms, missed, overlap]
  def self.__timing(what, options)
    zone = options[:zone]
    unless zone.nil? || (zone.is_a?(String) && zone.bytesize <= 64 && zone.bytes.all? { |b| b > 32 && b < 127 })
      raise ArgumentError, "#{what}: zone: is a name like \"Europe/Berlin\""
    end
    [
      __checked_cron(what, options[:cron]), zone,
      __moment(what, :at, options[:at]),
      __moment(what, :start, options[:start]),
      __moment(what, :expire, options[:expire]),
      MISSED[options[:missed].to_s] || raise(ArgumentError, "#{what}: missed: is :run_once or :skip"),
      OVERLAP[options[:overlap].to_s] ||
        raise(ArgumentError, "#{what}: overlap: is :skip, :queue or :allow")
    ]
  end

  def self.__checked_cron(what, text)
    return nil if text.nil?
    raise ArgumentError, "#{what}: cron: is a text like \"0 3 * * *\"" unless text.is_a?(String)
    wrong = __cron(text)
    raise ArgumentError, "#{what}: cron: \"#{text}\": #{wrong}" if wrong
    text
  end

  # Milliseconds since 1970; 0: none
  def self.__moment(what, key, time)
    return 0 if time.nil?
    begin
      time = Time.iso8601(time) if time.is_a?(String)
    rescue ArgumentError
      time = nil
    end
    unless time.is_a?(Time) && time.to_i > 0
      raise ArgumentError, "#{what}: #{key}: is a Time or a text like \"2027-01-31T12:00:00Z\""
    end
    time.to_i * 1000 + time.usec / 1000
  end

  # frequency: and on: are written out as at:, every: or cron:, at the time of day of start:.
  def self.__unfold(what, options)
    word = options[:frequency].to_s
    unless FREQUENCIES.include?(word)
      raise ArgumentError, "#{what}: frequency: is #{FREQUENCIES.join(', ')}"
    end
    if options[:cron] || options[:at] || (options[:every] && word != "custom")
      raise ArgumentError, "#{what}: frequency: \"#{word}\" goes with start: and on: only"
    end
    out = options.dup
    if word == "once"
      raise ArgumentError, "#{what}: frequency: \"once\" needs start:" unless options[:start]
      out[:at] = out.delete(:start)
    elsif word == "custom"
      raise ArgumentError, "#{what}: frequency: \"custom\" needs every:" unless options[:every]
    else
      out[:cron] = __frequency_cron(what, word, options)
    end
    out
  end

  def self.__frequency_cron(what, word, options)
    hour, minute, second = __time_of_day(what, options)
    on = options[:on].nil? ? nil : [options[:on]].flatten.join(",")
    case word
    when "hourly" then "#{second} #{minute} * * * *"
    when "daily" then "#{second} #{minute} #{hour} * * *"
    when "weekly" then "#{second} #{minute} #{hour} * * #{on || 0}"
    else "#{second} #{minute} #{hour} #{on || 1} * *"
    end
  end

  # As it is written; of a Time, UTC's.
  def self.__time_of_day(what, options)
    start = options[:start]
    return [0, 0, 0] if start.nil?
    __moment(what, :start, start)
    text = start.is_a?(String) ? start : start.iso8601
    [text[11, 2].to_i, text[14, 2].to_i, text[17, 2].to_i]
  end
end
